"""States at rest, for as long as they belong to this log and this fold."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from blossm.core.commit import LoggedCommit
from blossm.core.errors import Unavailable
from blossm.core.event import Aggregate
from blossm.core.fold import Fold
from blossm.model.network import EventStoreSpec
from blossm.ports import LogStore, StateStore

T = TypeVar("T")


class Lost(Exception):
    """The saved states can't be used now."""


class SavedStates:
    """A `StateStore` whose domains are readied when they are first used, and again when they were lost.

    With each domain's states goes a witness, saved before them: the commit at a position at or after all of theirs. A
    log that has another commit there (it lost its tail, and grew another) is not the one they were made from.
    """

    def __init__(
        self,
        *,
        stores: Mapping[str, EventStoreSpec],
        folds: Mapping[str, Fold],
        events: LogStore,
        states: StateStore,
    ) -> None:
        self._stores = dict(stores)
        self._folds = dict(folds)
        self._events = events
        self._states = states
        self._witnessed: dict[str, int] = {}  # domains that are ready → the position of their witness

    async def covered(self, domain: str) -> int:
        """Up to which position all roots of the domain are saved. Raises Lost, as all of these do."""
        return await self._ready(domain, lambda: self._opened(domain))

    async def get(self, domain: str, root: str) -> Aggregate | None:
        if self._witnessed.get(domain) == 0:  # nothing was saved yet that this process knows of: not worth a look
            return None
        return await self._ready(domain, lambda: self._states.get(domain, root))

    async def find(self, domain: str, where: Mapping[str, Any]) -> list[Aggregate]:
        return await self._ready(domain, lambda: self._states.find(domain, where))

    async def save(self, domain: str, aggregates: Sequence[Aggregate], *, covered: int | None = None) -> None:
        """Save states, and how far the domain is covered (with no states, only that)."""
        if not aggregates and covered is None:
            return

        async def save() -> None:
            position = max([covered or 0, *(aggregate.position for aggregate in aggregates)])
            if position > self._witnessed[domain]:
                at = (await self._events.read(position - 1, 1)).commits[0]
                witness = Aggregate("", _identity(at), position, position)
                await self._states.save(_witness(domain), [witness])
                self._witnessed[domain] = position
            await self._states.save(domain, aggregates, covered=covered)

        await self._ready(domain, save)

    async def _ready(self, domain: str, use: Callable[[], Awaitable[T]]) -> T:
        try:
            if domain not in self._witnessed:
                self._witnessed[domain] = await self._start(domain)
            return await use()
        except Unavailable as error:
            self._witnessed.pop(domain, None)
            raise Lost(error.message) from error

    async def _start(self, domain: str) -> int:
        """Ready a domain, anew where its states were made from another log; answers where its witness is."""
        witness = _witness(domain)
        await self._states.ready(witness, fold="", indexes=())
        last = await self._states.get(witness, "")
        if last is not None and not await self._holds(last):
            for each in (witness, domain):
                await self._states.ready(each, fold="of another log", indexes=())
            await self._states.ready(witness, fold="", indexes=())
            last = None
        await self._opened(domain)
        return last.position if last else 0

    async def _opened(self, domain: str) -> int:
        indexes = self._stores[domain].indexes
        return await self._states.ready(domain, fold=self._folds[domain].hash, indexes=indexes)

    async def _holds(self, witness: Aggregate) -> bool:
        found = (await self._events.read(witness.position - 1, 1)).commits
        return bool(found) and _identity(found[0]) == witness.state


def _identity(logged: LoggedCommit) -> dict[str, Any]:
    """What tells a commit from any other one, also from that of a client who sends an id again after a restore."""
    commit = logged.commit
    return {"commit": commit.id, "key": commit.key, "position": logged.position, "at": logged.committed}


def _witness(domain: str) -> str:
    return f"~{domain}"
