"""A network's contract, made of its fields: an event message per action, a state, requests, responses and view rows.

| a field | is |
|---|---|
| string, integer, number, boolean, bytes | optional string, int64, double, bool, bytes |
| date, uuid | optional string |
| json | optional bytes: JSON text |
| timestamp | google.protobuf.Timestamp |
| object | a nested message, named after the field |
| list, map | repeated, `map<string, …>` |
| a list or map that may be absent, or is itself in a list or map | a nested message with the list or map as its field `values` |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

from blossm.model.contract import naming
from blossm.model.contract.rules import field_rules
from blossm.model.contract.tree import SCALARS, TIMESTAMP, Asked, File, Label, Message, MessageField, Range
from blossm.model.fields import Field, Fields, FieldType, loosened, throughout
from blossm.model.network import CommandSpec, EventStoreSpec, FactSpec, Network, Place, ViewStoreSpec

VALUE = "value"  # the field of a response that is no object
VALUES = "values"  # the field of a message around a list or map
LAST_NUMBER = 2**29 - 1
OF_PROTOBUF = Range(19000, 19999)  # protobuf keeps these to itself

_TYPES: dict[FieldType, str] = {
    "string": "string",
    "integer": "int64",
    "number": "double",
    "boolean": "bool",
    "timestamp": TIMESTAMP,
    "date": "string",
    "uuid": "string",
    "bytes": "bytes",
    "json": "bytes",
}

_Numbers: TypeAlias = Mapping[str, Mapping[str, int]]


def contract(network: Network) -> tuple[File, ...]:
    """All files of a network's contract. Fields without a number in `network.numbers` take the next ones, in their order."""
    files: dict[str, list[Message]] = {}
    for package, message, _ in messages_of(network):
        files.setdefault(package, []).append(message)
    return tuple(
        File(path=naming.file_path(package), package=package, messages=tuple(messages)) for package, messages in files.items()
    )


def response_fields(response: Field) -> Fields:
    """The fields of a response's message."""
    if response.type == "object":
        return response.properties
    return {VALUE: replace(response, optional=False, default=None)}


def state_fields(schema: Fields) -> Fields:
    """The fields of a state: of its store's schema any part, and nothing is filled in."""
    return {name: throughout(field, default=None) for name, field in loosened(schema).items()}


def row_fields(schema: Fields) -> Fields:
    """The fields of a row: any of them may not be written yet, and nothing is filled in when it is read."""
    return {name: replace(field, optional=True, default=None) for name, field in schema.items()}


def numbered(names: Iterable[str], known: Mapping[str, int], *, reserved: Iterable[Range] = ()) -> dict[str, int]:
    """Each name with its number: the known one, else one after all that are or were in use."""
    numbers: dict[str, int] = {}
    taken = [*reserved, OF_PROTOBUF, *(Range(number, number) for number in known.values())]
    after = max((last for _, last in taken if (_, last) != OF_PROTOBUF), default=0)
    for name in names:
        if name not in known:
            after = _free_after(after if after < LAST_NUMBER else 0, taken)
            taken.append(Range(after, after))
        numbers[name] = known.get(name, after)
    return numbers


def _free_after(number: int, taken: list[Range]) -> int:
    number += 1
    while over := next((last for first, last in taken if first <= number <= last), 0):
        number = over + 1
    return number


def messages_of(network: Network) -> Iterator[tuple[str, Message, Place]]:
    """Every message with its package, and where what it is of was written."""
    numbers = network.numbers
    for store in network.event_stores.values():
        yield from ((store.address, message, store.at) for message in _of_store(store, numbers))
    procedures: list[CommandSpec | FactSpec] = [*network.commands.values(), *network.facts.values()]
    for procedure in procedures:
        package = naming.package_of(procedure.address)
        yield from ((package, message, procedure.at) for message in _of_procedure(procedure, numbers))
    for view in network.view_stores.values():
        yield naming.views_package(view.context), _of_view(view, numbers), view.at


def _of_store(store: EventStoreSpec, numbers: _Numbers) -> Iterator[Message]:
    for action in store.actions.values():
        message = _message(naming.event_message(store.address, action.name), action.payload, numbers)
        yield replace(message, role="event", address=store.address, action=action.name, version=action.version)
    message = _message(naming.state_message(store.address), state_fields(store.schema), numbers)
    yield replace(message, role="state", address=store.address, retired=store.retired, comment=store.description)


def _of_procedure(spec: CommandSpec | FactSpec, numbers: _Numbers) -> Iterator[Message]:
    asked: Asked = "command" if isinstance(spec, CommandSpec) else "streamed fact" if spec.stream else "fact"
    fields = spec.payload if isinstance(spec, CommandSpec) else spec.query
    message = _message(naming.request_message(spec.address), fields, numbers)
    yield replace(message, role="request", address=spec.address, asked=asked, comment=spec.description)
    if spec.response:
        message = _message(naming.response_message(spec.address), response_fields(spec.response), numbers)
        yield replace(message, role="response", address=spec.address, comment=_comment(spec.response))


def _of_view(view: ViewStoreSpec, numbers: _Numbers) -> Message:
    message = _message(naming.row_message(view.address), row_fields(view.schema), numbers)
    return replace(message, role="row", address=view.address, comment=view.description)


def _message(full_name: str, fields: Fields, numbers: _Numbers, *, around: frozenset[str] = frozenset()) -> Message:
    """`around`: the names of the messages around it, which no nested one takes: Java would refuse that."""
    name = full_name.rpartition(".")[2]
    around |= {name}
    taken = around | {naming.entry_message(name) for name, field in fields.items() if _label(field) == "map"}
    number = numbered(fields, numbers.get(full_name, {}))
    made: list[MessageField] = []
    nested: list[Message] = []
    for field_name, field in fields.items():
        label = _label(field)
        value = _value(field, label)
        if not (type := _TYPES.get(value.type, "")):
            part_name = _unused(naming.pascal(field_name), taken)
            taken |= {part_name}
            nested.append(_part(f"{full_name}.{part_name}", value, numbers, around))
            type = nested[-1].full_name
        made.append(
            MessageField(
                name=field_name,
                number=number[field_name],
                type=type,
                label="" if label == "optional" and type not in SCALARS else label,
                rules=field_rules(field),
                comment=_comment(field),
            )
        )
    return Message(name=name, full_name=full_name, fields=tuple(made), nested=tuple(nested))


def _part(full_name: str, value: Field, numbers: _Numbers, around: frozenset[str]) -> Message:
    """The message of an object, or around a list or map, whose rules stand where it is used."""
    if value.type == "object":
        return _message(full_name, value.properties, numbers, around=around)
    bare = Field(type=value.type, items=value.items, values=value.values)
    message = _message(full_name, {VALUES: bare}, numbers, around=around)
    return replace(message, fields=tuple(replace(field, rules={}) for field in message.fields))


def _value(field: Field, label: Label) -> Field:
    """What one value of the protobuf field is."""
    inner = {"repeated": field.items, "map": field.values}.get(label, field)
    return inner or Field(type="json")


def _label(field: Field) -> Label:
    """A required list or map needs no message around it: it can't be absent."""
    if field.required and field.type in ("list", "map"):
        return "repeated" if field.type == "list" else "map"
    return "optional"


def _unused(name: str, taken: frozenset[str]) -> str:
    while name in taken:
        name += "Part"
    return name


def _comment(field: Field) -> str:
    return "\n".join(text for text in (field.title, field.description) if text)
