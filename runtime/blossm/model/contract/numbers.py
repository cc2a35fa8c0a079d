"""Field numbers that stay: those of the committed files, and new ones after all that were ever in use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from blossm.model.contract.build import contract, numbered
from blossm.model.contract.tree import File, Message, Range, merged
from blossm.model.network import Network


def complete(network: Network, committed: Sequence[File] = ()) -> dict[str, dict[str, int]]:
    """The number of each field of each message (by its full name), nested ones too.

    A field has the number that the committed file gives it. A new one gets the next after all that the committed message
    has or reserves; in a message that is new, numbers go in the order of the fields.
    """
    numbers: dict[str, dict[str, int]] = {}
    for message, was in _pairs(contract(replace(network, numbers={})), committed):
        names = [field.name for field in message.fields]
        known = {field.name: field.number for field in was.fields} if was else {}
        numbers[message.full_name] = numbered(names, known, reserved=was.reserved_numbers if was else ())
    return numbers


def with_reserved(files: Sequence[File], committed: Sequence[File]) -> tuple[File, ...]:
    """The files, each message reserving what the committed one reserved, and the fields that it no longer has."""
    old = {id(message): was for message, was in _pairs(files, committed)}
    return tuple(replace(file, messages=tuple(_reserving(message, old) for message in file.messages)) for file in files)


def _reserving(message: Message, old: dict[int, Message | None]) -> Message:
    nested = tuple(_reserving(inner, old) for inner in message.nested)
    if not (was := old[id(message)]):
        return replace(message, nested=nested)
    names = {field.name for field in message.fields}
    removed = [field for field in was.fields if field.name not in names]
    numbers = {*was.reserved_numbers, *(Range(field.number, field.number) for field in removed)}
    return replace(
        message,
        nested=nested,
        reserved_numbers=merged(numbers),
        reserved_names=tuple(sorted({*was.reserved_names, *(field.name for field in removed)} - names)),
    )


def _pairs(files: Iterable[File], committed: Iterable[File]) -> Iterator[tuple[Message, Message | None]]:
    """Each message, outer ones first, with the committed one: a nested one is found by the field that it is of."""
    old = {message.full_name: message for file in committed for message in file.messages}
    for file in files:
        for message in file.messages:
            yield from _nested_pairs(message, old.get(message.full_name))


def _nested_pairs(message: Message, was: Message | None) -> Iterator[tuple[Message, Message | None]]:
    yield message, was
    of_field = {field.type: field.name for field in message.fields}
    parts = {part.full_name: part for part in was.nested} if was else {}
    for inner in message.nested:
        field = was.field(of_field[inner.full_name]) if was else None
        yield from _nested_pairs(inner, parts.get(field.type) if field else None)
