"""Roots: UUIDs in lower case, the one spelling under which a thing is known; and which root a request means."""

from __future__ import annotations

import re
from collections.abc import Mapping

from blossm.core.errors import BadRequest, FieldProblem, PermissionDenied
from blossm.model.network import CommandSpec, FactSpec

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def is_root(text: object) -> bool:
    return isinstance(text, str) and _UUID.fullmatch(text) is not None


def meant_root(spec: CommandSpec | FactSpec, given: str | None, context: Mapping[str, str]) -> str:
    """The root that a request means, empty where it means none (or a new one, which the command makes).

    Raises BadRequest when what was given does not fit the procedure's rule, PermissionDenied when the root is the
    context's and the caller has no such context.
    """
    match spec.root:
        case "required" if given is None:
            raise _off("is required")
        case "required" | "optional":
            if given is not None and not is_root(given):
                raise _off("must be a UUID in lower case")
            return given or ""
        case "context":
            if given is not None:
                raise _off(f"is the {spec.root_context} of the caller's token, and can't be given")
            if spec.root_context not in context:
                raise PermissionDenied("the token lacks a context", facts={"contexts": [spec.root_context]})
            return context[spec.root_context]
        case _:
            if given is not None:
                raise _off("can't be given: the runtime makes it" if spec.root == "new" else "can't be given")
            return ""


def _off(problem: str) -> BadRequest:
    return BadRequest("the root is off", fields=[FieldProblem("root", problem)])
