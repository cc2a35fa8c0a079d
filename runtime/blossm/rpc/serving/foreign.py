"""What a foreign hand may have written: checked for what is off, all of it named at once."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet  # type: ignore[import-not-found]  # types-protobuf lacks it

from blossm.core.errors import BadRequest, FieldProblem

MOST = 250_000  # entries of a list: who means something by each has no room for more in a message
NEWER = "has fields that this process does not know: it was written by a newer contract"


def has_unknown(message: Message) -> bool:
    """Whether there are fields in it, at any depth, that the contract of here does not have. It has none afterwards."""
    size = message.ByteSize()
    known: Any = message  # types-protobuf does not know the method
    known.DiscardUnknownFields()
    return message.ByteSize() != size


def check_known(message: Message, *, deep: bool = True) -> None:
    """Raises BadRequest for a request with fields of a newer contract: what they ask for would not be done.

    Not `deep`: only its own fields are looked at.
    """
    if has_unknown(message) if deep else len(UnknownFieldSet(message)):
        name = message.DESCRIPTOR.name
        raise BadRequest(f"the {name} {NEWER}", facts={"message": message.DESCRIPTOR.full_name}, help="deploy the callee first")


def check_few(count: int, at: str, *, most: int = MOST) -> None:
    """Raises BadRequest for more of something than anybody means: to say of each what is off takes time and room."""
    if count > most:
        raise BadRequest("the request is off", fields=[FieldProblem(at, f"may be {most} at most, these are {count}")])


class Problems:
    """Collects what is off: `with problems.at("created"):` takes the BadRequest that is raised in it."""

    def __init__(self) -> None:
        self.fields: list[FieldProblem] = []
        self.facts: dict[str, Any] = {}
        self._path = ""

    def at(self, path: str) -> Problems:
        """From here on; `path` is where an error without fields belongs."""
        self._path = path
        return self

    def add(self, path: str, problem: str) -> None:
        self.fields.append(FieldProblem(path, problem))

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        if not isinstance(error, BadRequest):
            return False
        self.fields += error.fields or [FieldProblem(self._path, error.message)]
        self.facts = error.facts | self.facts
        return True
