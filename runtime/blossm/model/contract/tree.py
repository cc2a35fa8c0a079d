"""A contract as data: files of messages of fields. What `.proto` text, descriptors and comparisons are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Role = Literal["event", "state", "request", "response", "row", "part"]
Label = Literal["", "optional", "repeated", "map"]
Asked = Literal["", "command", "fact", "streamed fact"]

SCALARS = frozenset({"string", "int64", "double", "bool", "bytes"})
TIMESTAMP = "google.protobuf.Timestamp"
EXTENSIONS = "blossm/rpc/v1/contract.proto"
TIMESTAMPS = "google/protobuf/timestamp.proto"


class Range(NamedTuple):
    """Field numbers from `first` to `last`, both included."""

    first: int
    last: int


def merged(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The same numbers in order, as few ranges."""
    joined: list[Range] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1].last + 1:
            joined[-1] = Range(joined[-1].first, max(last, joined[-1].last))
        else:
            joined.append(Range(first, last))
    return tuple(joined)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageField:
    """One field of a message.

    `label` is empty for a single message (which has presence anyway), and `map` for `map<string, type>`. Its name in
    JSON is its name.
    """

    name: str
    number: int
    type: str  # one of SCALARS, or a message's full name, without a leading dot
    label: Label = ""
    rules: dict[str, Any] = field(default_factory=dict)  # JSON Schema's words, and `required`; of items too, below `items`
    comment: str = ""

    @property
    def is_message(self) -> bool:
        return self.type not in SCALARS


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message, with those that only it uses nested in it.

    `address` says whose it is: an event store's, a command's, a fact's or a view store's. All three are empty for a part.
    """

    name: str
    full_name: str  # with the package and the messages around it
    fields: tuple[MessageField, ...] = ()
    nested: tuple[Message, ...] = ()
    role: Role = "part"
    address: str = ""
    action: str = ""  # of an event
    version: int = 0  # of an action; 0: has none
    asked: Asked = ""  # whose request it is: how it is called
    retired: bool = False  # of a state: its event store takes no events
    reserved_numbers: tuple[Range, ...] = ()
    reserved_names: tuple[str, ...] = ()
    comment: str = ""
    removed: bool = False  # kept, without its fields, so that its name and numbers are not used again

    def field(self, name: str) -> MessageField | None:
        return next((field for field in self.fields if field.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One .proto file. `path` is relative to the folder `protos`, as imports say it."""

    path: str  # shop/bicycle.proto
    package: str  # shop.bicycle
    messages: tuple[Message, ...] = ()
    comment: str = ""

    @property
    def imports(self) -> tuple[str, ...]:
        """What its messages need."""
        every = list(all_messages([self]))
        rules = any(message.version or any(field.rules for field in message.fields) for message in every)
        times = any(field.type == TIMESTAMP for message in every for field in message.fields)
        return (*((EXTENSIONS,) if rules else ()), *((TIMESTAMPS,) if times else ()))


def all_messages(files: Iterable[File]) -> Iterator[Message]:
    """Every message of all files, an outer one before those nested in it."""
    for file in files:
        for message in file.messages:
            yield from with_nested(message)


def with_nested(message: Message) -> Iterator[Message]:
    """The message, and those nested in it."""
    yield message
    for inner in message.nested:
        yield from with_nested(inner)
