"""Every error that crosses a procedure's edge, with its facts.

    BlossmError
    ├── BadRequest             400  the request is off; `fields` says where
    ├── Unauthenticated        401  no token, or one that can't be trusted
    ├── PermissionDenied       403  the caller may not do this
    ├── NotFound               404  there is no such thing
    ├── Conflict               409  the log moved on; `facts` say what, from where to where
    ├── PreconditionFailed     412  the state of the app does not allow it
    ├── PayloadTooLarge        413  more than a bound allows
    ├── KeyReused              422  a known idempotency key came with another request
    ├── ResourceExhausted      429  a queue or a rate is at its bound; try later
    ├── Internal               500  something of ours or of a handler broke; `id` finds it in the log
    ├── Unavailable            503  a part is not there at the moment; try again
    └── DeadlineExceeded       504  no answer in time: the outcome is unknown, repeat with the same key

The `http` and `grpc` of a class are the one table of statuses; doors and wires only read it.
A handler raises these, a caller catches them, and they arrive on the other side of a wire as themselves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One field that is off: its path (`payload.wheels[0]`) and what is wrong with it."""

    path: str
    problem: str


class BlossmError(Exception):
    """What went wrong, the facts of it, and the next step (`help`)."""

    http: ClassVar[int] = 500
    grpc: ClassVar[str] = "UNKNOWN"

    def __init__(
        self,
        message: str = "",
        *,
        fields: Sequence[FieldProblem] = (),
        facts: Mapping[str, Any] | None = None,
        help: str = "",
    ) -> None:
        super().__init__(message or type(self).code())
        self.message = message or type(self).code()
        self.fields = tuple(fields)
        if not all(isinstance(field, FieldProblem) for field in self.fields):
            raise TypeError("the fields of an error are FieldProblems")
        self.facts = dict(facts or {})
        self.help = help

    def __str__(self) -> str:
        return ": ".join([self.message, "; ".join(f"{field.path} {field.problem}" for field in self.fields)]).removesuffix(": ")

    @classmethod
    def code(cls) -> str:
        """The class's name in UPPER_SNAKE: the code that answers, examples and logs carry."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).upper()

    def as_dict(self) -> dict[str, Any]:
        """The error as plain data, empty parts left out."""
        parts = {"help": self.help, "fields": [asdict(field) for field in self.fields], "facts": self.facts}
        return {"code": self.code(), "message": self.message, **{name: part for name, part in parts.items() if part}}


class BadRequest(BlossmError):
    """The request is off; each of `fields` says where and how."""

    http, grpc = 400, "INVALID_ARGUMENT"


class Unauthenticated(BlossmError):
    """No token where one is needed, or one that can't be trusted."""

    http, grpc = 401, "UNAUTHENTICATED"


class PermissionDenied(BlossmError):
    """The caller may not do this: a privilege, a context or an edge of the model is missing."""

    http, grpc = 403, "PERMISSION_DENIED"


class NotFound(BlossmError):
    """There is no such procedure, row or root."""

    http, grpc = 404, "NOT_FOUND"


class Conflict(BlossmError):
    """The log moved on under a decision. `facts` say which root or question, what it was, what it is."""

    http, grpc = 409, "ABORTED"


class PreconditionFailed(BlossmError):
    """The state of the app does not allow what was asked."""

    http, grpc = 412, "FAILED_PRECONDITION"


class PayloadTooLarge(BlossmError):
    """A body, a commit or a message is over its bound."""

    http, grpc = 413, "OUT_OF_RANGE"


class KeyReused(BlossmError):
    """A known idempotency key came with another request. `facts` name both sides."""

    http, grpc = 422, "ALREADY_EXISTS"


class ResourceExhausted(BlossmError):
    """A queue or a rate is at its bound: nothing was done, try later."""

    http, grpc = 429, "RESOURCE_EXHAUSTED"


class Internal(BlossmError):
    """Something broke that the caller can't mend; `facts["id"]` finds it in the log."""

    http, grpc = 500, "INTERNAL"


class Unavailable(BlossmError):
    """A part is not there at the moment: nothing is known to be wrong with the request, try again."""

    http, grpc = 503, "UNAVAILABLE"


class DeadlineExceeded(BlossmError):
    """No answer in time. The outcome is unknown: repeat with the same idempotency key."""

    http, grpc = 504, "DEADLINE_EXCEEDED"


def _tree(cls: type[BlossmError]) -> list[type[BlossmError]]:
    return [cls, *(found for child in cls.__subclasses__() for found in _tree(child))]


def error_from(data: Mapping[str, Any]) -> BlossmError:
    """The error that `as_dict` made `data` of; an unknown code becomes a plain `BlossmError`."""
    classes = {cls.code(): cls for cls in reversed(_tree(BlossmError))}  # of classes with one code, the more general
    return classes.get(data.get("code", ""), BlossmError)(
        data.get("message", ""),
        fields=[FieldProblem(**field) for field in data.get("fields", ())],
        facts=data.get("facts"),
        help=data.get("help", ""),
    )
