"""Questions to a domain: roots by what their state has in an indexed field, and whether an answer still stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blossm.core.errors import BadRequest, Conflict, FieldProblem
from blossm.core.event import Aggregate
from blossm.core.expectations import moved_root
from blossm.core.payload import Contract
from blossm.core.read_set import Question
from blossm.model.fields import Field
from blossm.model.network import EventStoreSpec
from blossm.ports import LogStore
from blossm.procedures.states import States

SHOWN = 10  # roots that a conflict names


class Questions:
    """Asks, and asks again, the event stores of one service."""

    def __init__(self, *, stores: Mapping[str, EventStoreSpec], states: States, log: LogStore) -> None:
        self._states = states
        self._log = log
        self._indexes = {
            domain: {path: Contract.of_field(_field(store, path), at=f"where.{path}") for path in store.indexes}
            for domain, store in stores.items()
        }

    async def ask(
        self, domain: str, where: Mapping[str, Any], *, head: int, pinned: bool
    ) -> tuple[Aggregate, ...]:
        """The roots that have these values as of `head`. Raises BadRequest where no index answers it."""
        return await self._states.matching(domain, self._checked(domain, where), head=head, pinned=pinned)

    async def ask_again(self, question: Question, *, head: int, read_at: int) -> None:
        """Raises Conflict when the answer as of `head` is another than it was at `read_at`.

        Roots that the asker itself has moved may be in the answer or not, if nobody else has moved them.
        """
        found = await self.ask(question.domain, question.where, head=head, pinned=False)
        now = {aggregate.root: aggregate.number for aggregate in found if aggregate.root not in question.own}
        was = {root: number for root, number in question.answer.items() if root not in question.own}
        if now != was:
            differing = sorted(root for root in now.keys() | was.keys() if now.get(root) != was.get(root))
            raise Conflict(
                f"a question to {question.domain} has another answer now",
                facts={
                    "domain": question.domain,
                    "where": question.where,
                    "was": {root: was.get(root, 0) for root in differing[:SHOWN]},
                    "is": {root: now.get(root, 0) for root in differing[:SHOWN]},
                },
                help="ask again and decide anew",
            )
        for root, (first, _) in question.own.items():
            await self._nobody_else(question.domain, root, first=first, read_at=read_at)

    async def _nobody_else(self, domain: str, root: str, *, first: int, read_at: int) -> None:
        """Raises Conflict when the event before the asker's first one came after the question."""
        if first == 1:
            return
        before = await self._log.root(domain, root, after=first - 2, until=first - 1)
        if not before or before[0].position >= read_at:  # or there is no such event: nobody has logged `first` after it
            raise moved_root((domain, root), expected=first - 2, actual=first - 1)

    def _checked(self, domain: str, where: Mapping[str, Any]) -> dict[str, Any]:
        """The values in the spelling in which they are kept."""
        indexes = self._indexes[domain]
        checked: dict[str, Any] = {}
        problems: list[FieldProblem] = []
        for path, value in where.items():
            if path not in indexes:
                known = ", ".join(indexes) or "none"
                problems.append(FieldProblem(f"where.{path}", f"{domain} has no such index; declared are: {known}"))
                continue
            try:
                checked[path] = indexes[path].take(value)
            except BadRequest as error:
                problems += error.fields
        if not where:
            problems.append(FieldProblem("where", "must name a field"))
        if problems:
            raise BadRequest("the question is off", fields=problems)
        return checked


def _field(store: EventStoreSpec, path: str) -> Field | None:
    """The field at a dotted path of the schema."""
    name, *rest = path.split(".")
    field = store.schema.get(name)
    for name in rest:
        field = field.properties.get(name) if field else None
    return field
