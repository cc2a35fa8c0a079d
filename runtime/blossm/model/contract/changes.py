"""What breaks those who read or write by the committed contract, when the network becomes as its blossm.yaml says.

Who writes and who reads decides. Requests are written by callers with the old contract: what they send must still be taken.
Responses, states and rows are read by them: what they rely on must still come. Events are both: those in the log were written
long ago, and others read new ones; a new version with its upcaster lifts what is in the log, and says to readers that it is new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from blossm.model.contract.keeping import gaps
from blossm.model.contract.kinds import kind_of, part_of, wrapped
from blossm.model.contract.narrowing import Rules, narrowed
from blossm.model.contract.tree import File, Message, MessageField, Range, Role, with_nested


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that breaks somebody: a problem without its place, but with what it is about."""

    code: str
    message: str
    help: str
    of: Message  # the message of the contract, an outermost one
    path: tuple[str, ...] = ()  # fields, from the outermost in; empty: the message itself


def breaking(old: Iterable[File], new: Iterable[File]) -> list[Change]:
    """Everything in `new` that breaks who knows `old`."""
    after = {message.full_name: message for file in new for message in file.messages if not message.removed}
    return [change for file in old for change in _of_file(file, after)]


def _of_file(old: File, after: Mapping[str, Message]) -> Iterator[Change]:
    """What is gone or back as a whole is told once: of a package, of an event store, of a command or fact."""
    there = [message for message in old.messages if not message.removed]
    retired = {message.address for message in there if message.retired and message.full_name not in after}
    gone = [one for one in there if one.full_name not in after and one.address not in retired]
    if gone and not any(one.full_name in after for one in there):
        message = f"all of `{old.package}` is gone"
        yield Change(code="B709", message=message, help="keep it until nobody knows it any more", of=gone[0])
        return
    whole = {(one.role, one.address) for one in old.messages if one.removed == (one.full_name in after)}
    for one in old.messages:
        if one.address not in retired and (_WHOLE.get(one.role), one.address) not in whole:
            yield from _of_message(one, after.get(one.full_name))


_WHOLE: Mapping[Role, Role] = {"event": "state", "response": "request"}


def unreserved(files: Iterable[File]) -> list[Change]:
    """Numbers that were given once, since higher ones are, and that nothing keeps from being given again."""
    return [
        Change(code="B704", message=_gap(message, inner, gap), help=_GAP, of=message)
        for file in files
        for message in file.messages
        for inner in with_nested(message)
        for gap in gaps(inner)
    ]


_GAP = "a field was taken out or renumbered by hand: take the file back from version control, and run `blossm proto`"


def _gap(message: Message, inner: Message, gap: Range) -> str:
    numbers = f"the number {gap.first} is" if gap.first == gap.last else f"the numbers {gap.first} to {gap.last} are"
    return f"{numbers} neither used nor reserved in `{inner.full_name}`"


def _of_message(old: Message, new: Message | None) -> Iterator[Change]:
    if new is None:
        if not old.removed:
            yield _gone(old)
    elif old.removed:
        yield _again(new)
    elif old.asked and old.asked != new.asked:
        message = f"`{new.address}` was a {old.asked}, and is a {new.asked}: it is called otherwise"
        help = f"leave it, and add a {new.asked} of another name"
        yield Change(code="B703", message=message, help=help, of=new)
    elif new.version < old.version:
        message = f"`{new.action}` is at version {new.version}, and its events in the log are at {old.version}"
        yield Change(code="B709", message=message, help=f"say `version: {old.version}`, or a higher one", of=new)
    else:
        yield from _Comparison(old, new).changes()


def _again(new: Message) -> Change:
    return Change(
        code="B705",
        message=f"{_whole(new)} was removed from the contract, and its name is kept from being used again",
        help="give it another name; or take its message back from version control, if it is the same as it was",
        of=new,
    )


def _gone(old: Message) -> Change:
    match old.role:
        case "event":
            message = f"the action `{old.action}` is gone from {old.address}, and events of it are in the log"
            help = f"keep `{old.action}` in `actions`; nothing needs to log it any more"
        case "state":
            message = f"the event store {old.address} is gone, and its events are in the log"
            help = "say `retired: true` first, and take it out once that is committed and nobody reads it"
        case "response":
            message = f"`{old.address}` no longer says what it answers"
            help = f"keep its `response`, or remove `{old.address}` once nobody calls it"
        case "row":
            message, help = f"the view {old.address} is gone", "keep it until nobody reads it"
        case _:
            message, help = f"`{old.address or old.name}` is gone", "keep it until nobody calls it"
    return Change(code="B709", message=message, help=help, of=old)


def _whole(message: Message) -> str:
    match message.role:
        case "event":
            return f"the action `{message.action}`"
        case "state":
            return f"the event store {message.address}"
        case "row":
            return f"the view {message.address}"
        case _:
            return f"the {message.role} of {message.address}"


class _Comparison:
    """One message before and after, field by field."""

    def __init__(self, old: Message, new: Message) -> None:
        self._old = old
        self._new = new
        role = old.role if old.role != "part" else new.role
        lifted = role == "event" and new.version > old.version
        self._event = role == "event"
        self._row = role == "row"
        self._written_before = role == "request" or (self._event and not lifted)  # old values are taken by the new network
        self._read_before = role in ("response", "state", "row") or (self._event and not lifted)
        self._refused = role == "request"  # unknown fields are

    def changes(self) -> Iterator[Change]:
        yield from self._fields(self._old, self._new, ())

    def _fields(self, old: Message, new: Message, path: tuple[str, ...]) -> Iterator[Change]:
        for field in old.fields:
            here = (*path, field.name)
            if now := new.field(field.name):
                yield from self._field(field, old, now, new, here)
            else:
                yield from self._removed(field, new, here)
        for field in new.fields:
            if old.field(field.name) is None:
                yield from self._added(field, old, (*path, field.name))

    def _field(
        self, old: MessageField, around_old: Message, new: MessageField, around_new: Message, path: tuple[str, ...]
    ) -> Iterator[Change]:
        before, after = kind_of(old, around_old), kind_of(new, around_new)
        if before != after:
            yield self._retyped(path, before, after)
            return
        if old.number != new.number:
            message = f"`{_dotted(path)}` had the number {old.number}, and has {new.number}"
            yield self._change("B704", message, _RESTORE, path)
        yield from self._presence(old, new, path)
        if self._written_before:
            for what in _all_narrowed(old.rules, new.rules):
                yield self._change("B707", f"`{_dotted(path)}` takes less: {what}", self._help_narrowed(), path)
        yield from self._parts(old, around_old, new, around_new, path)

    def _parts(
        self, old: MessageField, around_old: Message, new: MessageField, around_new: Message, path: tuple[str, ...]
    ) -> Iterator[Change]:
        """What is inside objects, also those in lists and maps. A message around a list has no path of its own."""
        part_old, part_new = part_of(old, around_old), part_of(new, around_new)
        if part_old and part_new:
            list_old, list_new = wrapped(part_old), wrapped(part_new)
            if list_old and list_new:
                yield from self._parts(list_old, part_old, list_new, part_new, path)
            else:
                yield from self._fields(part_old, part_new, path)

    def _retyped(self, path: tuple[str, ...], before: str, after: str) -> Change:
        message = f"`{_dotted(path)}` was `{before}`, and is `{after}`"
        if {before, after} == {before.removesuffix(_ABSENT), before.removesuffix(_ABSENT) + _ABSENT}:
            message = f"`{_dotted(path)}` {'could' if before.endswith(_ABSENT) else 'could not'} be absent, and now "
            message += f"{'can' if after.endswith(_ABSENT) else 'can not'}: a list or map then has another form on the wire"
        if self._written_before and self._event:
            message += "; events in the log are as it was"
        help = "leave it, and add a field of another name" + (" that older events are lifted to" if self._event else "")
        return self._change("B703", message, help, path)

    def _presence(self, old: MessageField, new: MessageField, path: tuple[str, ...]) -> Iterator[Change]:
        if self._written_before and _required(new.rules) and not _required(old.rules):
            who = "events in the log may lack it" if self._event else "callers may leave it out"
            yield self._change("B706", f"`{_dotted(path)}` is required now, and {who}", self._help_required(), path)
        if self._read_before and _always_there(old.rules) and not _always_there(new.rules):
            message = f"`{_dotted(path)}` was always there, and may now be absent"
            help = "leave it required, or give it a `default`" + (_OR_VERSION if self._event else "")
            yield self._change("B708", message, help, path)

    def _added(self, field: MessageField, old: Message, path: tuple[str, ...]) -> Iterator[Change]:
        if field.name in old.reserved_names:
            message = f"`{_dotted(path)}` is the name of a field that was removed, and is kept from being used again"
            help = "give it another name; or take the field's line back from version control, if it is the same as it was"
            yield self._change("B705", message, help, path)
        elif any(first <= field.number <= last for first, last in old.reserved_numbers):
            message = f"`{_dotted(path)}` has the number {field.number}, which is reserved"
            yield self._change("B705", message, _RESTORE, path)
        elif self._written_before and _required(field.rules):
            who = "events in the log lack it" if self._event else "callers don't send it yet"
            yield self._change("B706", f"`{_dotted(path)}` is new and required, and {who}", self._help_required(), path)

    def _removed(self, field: MessageField, new: Message, path: tuple[str, ...]) -> Iterator[Change]:
        numbers = any(first <= field.number <= last for first, last in new.reserved_numbers)
        if not numbers or field.name not in new.reserved_names:
            message = f"`{_dotted(path)}` is gone, and its name and number {field.number} are not reserved"
            yield self._change("B704", message, _RESTORE, path)
        if self._refused:
            message = f"`{_dotted(path)}` is gone, and callers who send it are refused"
            yield self._change("B708", message, "leave it as an optional field until nobody sends it", path)
        elif self._read_before and (_always_there(field.rules) or self._row):
            help = "leave it until nobody reads it" + (_OR_VERSION if self._event else "")
            why = "queries that name it are refused" if self._row else "readers rely on it"
            yield self._change("B708", f"`{_dotted(path)}` is gone, and {why}", help, path)

    def _help_required(self) -> str:
        return "say `optional: true`, or give it a `default`" + (_OR_VERSION if self._event else "")

    def _help_narrowed(self) -> str:
        if self._event:
            return "leave it as wide as what is in the log" + _OR_VERSION
        return "leave it as wide as what callers send; the function can refuse what it has no use for"

    def _change(self, code: str, message: str, help: str, path: tuple[str, ...]) -> Change:
        return Change(code=code, message=f"{message} ({_place(self._new)})", help=help, of=self._new, path=path)


_ABSENT = ", which may be absent"
_RESTORE = "take the file back from version control, and run `blossm proto`"
_OR_VERSION = "; or give the action a new `version`, with a function in `upcasters.py` that lifts older payloads"


def _place(message: Message) -> str:
    match message.role:
        case "event":
            return f"the event `{message.action}`"
        case "state":
            return "the state"
        case "row":
            return "the row"
        case _:
            return f"the {message.role} of `{message.address}`"


def _required(rules: Rules) -> bool:
    return bool(rules.get("required"))


def _always_there(rules: Rules) -> bool:
    """A default is filled in before anybody reads it."""
    return _required(rules) or "default" in rules


def _all_narrowed(old: Rules, new: Rules) -> Iterator[str]:
    """What is narrower of a value, and of the items and values in it."""
    yield from narrowed(old, new)
    for word, said in (("items", "an item's "), ("values", "a value's ")):
        inner_old, inner_new = old.get(word, {}), new.get(word, {})
        if inner_old or inner_new:
            yield from (said + what for what in _all_narrowed(inner_old, inner_new))


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(path)
