"""What a network's contract keeps of the committed one: its numbers, and the names and numbers that are not to be used again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from blossm.model.contract.build import OF_PROTOBUF, contract
from blossm.model.contract.kinds import kind_of, part_of
from blossm.model.contract.numbers import complete, with_reserved
from blossm.model.contract.tree import File, Message, MessageField, Range, merged
from blossm.model.network import Network


def kept(network: Network, committed: Sequence[File]) -> tuple[File, ...]:
    """The network's contract with the committed numbers. What is gone is reserved.

    A message that is gone stays as a name with nothing but reserved numbers, as long as there is anything else in its file.
    """
    old = _without_retyped(committed, contract(network))
    files = with_reserved(contract(replace(network, numbers=complete(network, old))), old)
    before = {file.path: file for file in committed}
    return tuple(_with_gone(before[file.path], file) if file.path in before else file for file in files)


def kept_numbers(network: Network, committed: Sequence[File]) -> dict[str, dict[str, int]]:
    """The number of each field of each message, as `kept` gives them."""
    old = _without_retyped(committed, contract(network)) if committed else ()
    return complete(network, old)


def in_use(message: Message) -> tuple[Range, ...]:
    """All numbers that are or were used, as few ranges."""
    return merged((*message.reserved_numbers, *(Range(field.number, field.number) for field in message.fields)))


def gaps(message: Message) -> tuple[Range, ...]:
    """Numbers that were given once, since higher ones are, and that nothing keeps from being given again."""
    used = merged((*in_use(message), OF_PROTOBUF))
    last = max((last for _, last in in_use(message)), default=0)
    free = (Range(before.last + 1, after.first - 1) for before, after in pairwise((Range(0, 0), *used)))
    return tuple(gap for gap in free if gap.first <= gap.last < last)


def _without_retyped(old: Sequence[File], new: Sequence[File]) -> tuple[File, ...]:
    """The old files, where a field whose type has changed is no longer: it gets a new number.

    So nobody reads its new values as what they were.
    """
    after = {message.full_name: message for file in new for message in file.messages}
    return tuple(
        replace(file, messages=tuple(_forgetful(one, after.get(one.full_name)) for one in file.messages)) for file in old
    )


def _forgetful(old: Message, new: Message | None) -> Message:
    if new is None:
        return old
    same: list[MessageField] = []
    parts = {part.full_name: part for part in old.nested}
    for field in old.fields:
        now = new.field(field.name)
        if now and kind_of(now, new) != kind_of(field, old):
            continue
        same.append(field)
        if now and (part := part_of(field, old)):
            parts[field.type] = _forgetful(part, part_of(now, new))
    lost = (Range(field.number, field.number) for field in old.fields if field not in same)
    reserved = merged((*old.reserved_numbers, *lost, *gaps(old)))
    return replace(old, fields=tuple(same), nested=tuple(parts.values()), reserved_numbers=reserved)


def _with_gone(old: File, new: File) -> File:
    names = {message.name for message in new.messages}
    gone = (_gone(message) for message in old.messages if message.name not in names)
    return replace(new, messages=(*new.messages, *gone))


def _gone(old: Message) -> Message:
    names = (*old.reserved_names, *(field.name for field in old.fields))
    return replace(
        old,
        fields=(),
        nested=(),
        reserved_numbers=merged((*in_use(old), *gaps(old))),
        reserved_names=tuple(sorted(set(names))),
        comment="Was removed. It stays so that its name and its numbers are not used again.",
        removed=True,
    )
