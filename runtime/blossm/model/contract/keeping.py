"""What a contract keeps of the committed one: its numbers, and the names and numbers that are not to be used again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from blossm.model.contract.build import OF_PROTOBUF, numbered
from blossm.model.contract.kinds import kind_of
from blossm.model.contract.tree import File, Message, Range, all_messages, merged

REMOVED = "Was removed. It stays so that its name and its numbers are not used again."


def kept(new: Sequence[File], committed: Sequence[File]) -> tuple[File, ...]:
    """The files of a contract with the committed numbers. What is gone is reserved.

    A new field gets the next number after all that the committed message has or reserves. So does a field whose type has
    changed: nobody reads its new values as what they were. A message that is gone stays, with nothing but what it reserves.
    """
    old = {file.path: file for file in committed}
    gone = [replace(file, messages=()) for path, file in old.items() if path not in {file.path for file in new}]
    return tuple(_file(file, old.get(file.path)) for file in (*new, *gone))


def numbers_of(files: Sequence[File]) -> dict[str, dict[str, int]]:
    """The number of each field of each message, by its full name, nested ones too."""
    return {
        message.full_name: {field.name: field.number for field in message.fields}
        for message in all_messages(files)
        if not message.removed
    }


def in_use(message: Message) -> tuple[Range, ...]:
    """All numbers that are or were used, as few ranges."""
    return merged((*message.reserved_numbers, *(Range(field.number, field.number) for field in message.fields)))


def gaps(message: Message) -> tuple[Range, ...]:
    """Numbers that were given once, since higher ones are, and that nothing keeps from being given again."""
    used = merged((*in_use(message), OF_PROTOBUF))
    last = max((last for _, last in in_use(message)), default=0)
    free = (Range(before.last + 1, after.first - 1) for before, after in pairwise((Range(0, 0), *used)))
    return tuple(gap for gap in free if gap.first <= gap.last < last)


def _file(new: File, old: File | None) -> File:
    if old is None:
        return new
    before = {message.full_name: message for message in old.messages}
    gone = before.keys() - {message.full_name for message in new.messages}
    messages = [_message(message, before.get(message.full_name)) for message in new.messages]
    return replace(new, messages=(*messages, *(_gone(message) for name, message in before.items() if name in gone)))


def _message(new: Message, old: Message | None) -> Message:
    """A message with the old one's numbers. The one in a field is found by the field: it may be called otherwise now."""
    if old is None:
        return new
    names = {field.name for field in new.fields}
    same = {
        field.name: field
        for field in old.fields
        if (now := new.field(field.name)) and kind_of(now, new) == kind_of(field, old)
    }
    lost = [field for field in old.fields if field.name not in same]
    reserved = merged((*old.reserved_numbers, *gaps(old), *(Range(field.number, field.number) for field in lost)))
    known = {name: field.number for name, field in same.items()}
    number = numbered([field.name for field in new.fields], known, reserved=reserved)
    parts = {part.full_name: part for part in old.nested}
    before = {field.type: parts.get(same[field.name].type) for field in new.fields if field.name in same}
    return replace(
        new,
        fields=tuple(replace(field, number=number[field.name]) for field in new.fields),
        nested=tuple(_message(part, before.get(part.full_name)) for part in new.nested),
        reserved_numbers=reserved,
        reserved_names=tuple(sorted({*old.reserved_names, *(field.name for field in lost)} - names)),
    )


def _gone(old: Message) -> Message:
    names = {*old.reserved_names, *(field.name for field in old.fields)}
    return replace(
        old,
        fields=(),
        nested=(),
        reserved_numbers=merged((*in_use(old), *gaps(old))),
        reserved_names=tuple(sorted(names)),
        comment=REMOVED,
        removed=True,
    )
