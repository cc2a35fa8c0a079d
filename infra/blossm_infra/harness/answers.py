"""What stands in for the providers: outputs per resource type, and the few calls that are answered."""

from __future__ import annotations

import functools
import typing
from collections import abc
from collections.abc import Callable, Mapping
from typing import Any

from pulumi import _types
from pulumi.runtime import config as sdk_config

from blossm_infra.harness import facts
from blossm_infra.harness.strict import input_types, resource_class
from blossm_infra.harness.wire import Secret

PROJECT = "blossm-preview"
_SCALARS: dict[Any, Any] = {str: "", bool: False, int: 1, float: 1}
_COMMON: tuple[str, ...] = ("name", "project", "region", "location")
_DEEPEST = 3  # how far made-up objects go into each other

Answer = Mapping[str, Any] | Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""What a call is answered: the same to all, or made of its arguments."""


def project() -> str:
    """The project that the stack's own settings name."""
    return sdk_config.get_config("gcp:project") or PROJECT


def _region() -> str:
    return sdk_config.get_config("gcp:region") or "europe-west1"


def _project(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    asked = arguments.get("projectId") or project()
    return {"id": f"projects/{asked}", "projectId": asked, "number": facts.NUMBER}


INVOKES: dict[str, Answer] = {"gcp:organizations/getProject:getProject": _project}


def outputs(token: str, name: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The id and the outputs that a resource would have once it exists.

    None that its type declares is missing, but for those objects that are inputs which nobody gave.
    """
    physical = inputs.get("name") or name
    given = {key: _shown(value) for key, value in inputs.items()}
    values = {"project": project(), "region": _region(), "location": _region(), **given, "name": physical}
    known = facts.OUTPUTS[token](values) if token in facts.OUTPUTS else {}
    ident = _id(token, values)
    links = {"selfLink": f"https://www.googleapis.com/compute/v1/{ident}"} if token.startswith("gcp:compute/") else {}
    made_up = _made_up(token, physical)
    common = {key: values[key] for key in _COMMON if key in made_up}
    return ident, {**made_up, **common, **links, **inputs, **known}


def _shown(value: Any) -> Any:
    """An id is no secret, even when it is made of one."""
    return value.value if isinstance(value, Secret) else value


def _id(token: str, values: Mapping[str, Any]) -> str:
    if token in facts.IDS:
        return facts.IDS[token].format_map(values)
    if token.startswith("mongodbatlas:"):
        return facts.hexadecimal(token, values["name"])
    return f"{values['name']}-id"


def _made_up(token: str, name: str) -> dict[str, Any]:
    values = {key: _sample(kind, f"{name}.{key}", 0) for key, kind in _declared(token)}
    return {key: value for key, value in values.items() if value is not None}


@functools.cache
def _declared(token: str) -> tuple[tuple[str, Any], ...]:
    """A type's outputs, without the inputs that are objects: who gives none gets none back."""
    inputs, own = input_types(token), ("id", "urn")
    types = {key: _types.unwrap_optional_type(kind) for key, kind in _types.resource_types(resource_class(token)).items()}
    return tuple((key, kind) for key, kind in types.items() if key not in own and (key not in inputs or kind in _SCALARS))


def _sample(kind: Any, name: str, depth: int) -> Any:
    if kind is str:
        return name
    if kind in _SCALARS:
        return _SCALARS[kind]
    if depth == _DEEPEST:
        return None
    if typing.get_origin(kind) in (list, abc.Sequence):
        return [_sample(_types.unwrap_optional_type(typing.get_args(kind)[0]), name, depth + 1)]
    if isinstance(kind, type) and _types.is_output_type(kind):
        return {key: _sample(inner, f"{name}.{key}", depth + 1) for key, inner in _members(kind)}
    return None


@functools.cache
def _members(kind: type) -> tuple[tuple[str, Any], ...]:
    return tuple((key, _types.unwrap_optional_type(inner)) for key, inner in _types.output_type_types(kind).items())
