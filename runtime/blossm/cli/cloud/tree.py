"""A proposal as people read it: by component, a line for each procedure, and counts for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.text import Text

from blossm.cli.cloud.groups import Group, Row, groups, said
from blossm.cli.cloud.running import Running, running
from blossm.cli.cloud.words import counted, listed, word

if TYPE_CHECKING:
    from blossm_infra.preview import Plan, Registered

_CALLERS = {"push-wake-ups": "its wake-ups", "dispatcher": "the dispatcher"}
_BY = " ← "
_TIED = "\N{NO-BREAK SPACE}"
_KINDS = len("    projection  ")
_LONGEST = 32  # a longer name pushes what follows to the right


def tree(plan: Plan, *, width: int, full: bool = False) -> Iterator[Text]:
    """The plan, at most `width` wide. With `full` every resource and every caller is named, however wide that is."""
    root = plan.tree()
    found = groups(root, running(root))
    lines = _Lines([row for group in found for row in _rows(group)], width=width, full=full)
    for group in found:
        yield Text()
        yield from lines.group(group, depth=0)


def _rows(group: Group) -> Iterator[Row]:
    yield from group.rows
    for inner in group.groups:
        yield from _rows(inner)


class _Lines:
    """One set of columns for all groups."""

    def __init__(self, rows: Iterable[Row], *, width: int, full: bool) -> None:
        rows = list(rows)
        self._width, self._full = width, full
        self._name = min(max((len(row.name) for row in rows), default=0), _LONGEST)
        self._size = max((len(size(row.what)) for row in rows), default=0)

    def group(self, group: Group, *, depth: int) -> Iterator[Text]:
        yield Text("  " * depth + group.title, style="bold" if depth == 0 else "")
        for row in group.rows:
            yield self._procedure(row, depth=depth + 1)
            if self._full:
                yield from _each(row.resources(), depth=depth + 2)
        for inner in group.groups:
            yield from self.group(inner, depth=depth + 1)
        if self._full:
            yield from _each(group.rest, depth=depth + 1)
        elif depth == 0:
            yield from self._counts(group)

    def _procedure(self, row: Row, *, depth: int) -> Text:
        line = Text(f"{'  ' * depth}{row.kind}".ljust(_KINDS) + f"{row.name:{self._name}}  ")
        line.append(f"{size(row.what):{self._size}}", style="dim")
        if callers := self._callers(row.what, self._width - len(line) - len(_BY)):
            line.append(f"{_BY}{callers}", style="dim")
        return line

    def _callers(self, what: Running, room: int) -> str:
        """By name where there is room, else how many of each kind."""
        if what.kind.endswith("-gateway"):
            return "the world"
        names = ", ".join(name(caller, what) for caller in what.callers)
        if self._full or len(names) <= room:
            return names
        kinds = _by_kind(what.callers)
        return kinds if len(kinds) <= room else counted(len(what.callers), "caller")

    def _counts(self, group: Group) -> Iterator[Text]:
        inside = listed(word(resource.type) for resource in group.everything())
        whole = inside.replace(" ", _TIED).replace(f",{_TIED}", ", ")  # lines break between two of them, not inside of one
        for line in wrap(whole, self._width - 2):
            yield Text(f"  {line.replace(_TIED, ' ')}", style="dim")


def name(caller: str, callee: Running) -> str:
    """A caller as one says it beside the callee: by its last name, when both are of one domain or context."""
    kind, slash, address = caller.partition("/")
    if not slash:
        return _CALLERS.get(caller, caller)
    if kind == "projection" and address == callee.address:
        return "its projection"
    home, _, own = address.rpartition(".")
    return own if home and home == callee.address.rpartition(".")[0] and not kind.endswith("-gateway") else address


def _by_kind(callers: Iterable[str]) -> str:
    """`12 commands, 1 projection`, and those that are no procedure by their own name."""
    parts = [caller.partition("/") for caller in callers]
    others = [_CALLERS.get(kind, kind) for kind, slash, _ in parts if not slash]
    return ", ".join([listed(said(kind) for kind, slash, _ in parts if slash), *others])


def size(what: Running) -> str:
    """How many instances it may have, and the size of one."""
    least, most = what.instances
    return f"{least}–{most} × {what.cpu} CPU {what.memory}"


def _each(resources: Iterable[Registered], *, depth: int) -> Iterator[Text]:
    for resource in resources:
        kept = ", protected" if resource.protect else ""
        yield Text(f"{'  ' * depth}{resource.name}  {resource.type}{kept}", style="dim")
