"""States at rest, for as long as they belong to this log and this fold."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from blossm.core.commit import LoggedCommit
from blossm.core.errors import Unavailable
from blossm.core.event import Aggregate
from blossm.core.fold import Fold
from blossm.model.network import EventStoreSpec
from blossm.ports import LogStore, StateStore

T = TypeVar("T")

WITNESS = ""  # the root under which a domain's witness is saved: no event has it, and no index


class Lost(Exception):
    """The saved states can't be used now."""


class Covered(NamedTuple):
    position: int
    readied: int  # since then


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
        self._readied: dict[str, int] = {}  # how often a domain was readied

    async def covered(self, domain: str) -> Covered:
        """Up to which position all roots of the domain are saved. Raises Lost, as all of these do."""
        covered = await self._ready(domain, lambda: self._opened(domain))
        return Covered(covered, self._readied[domain])

    async def get(self, domain: str, root: str) -> Aggregate | None:
        if self._witnessed.get(domain) == 0:  # nothing was saved yet that this process knows of: not worth a look
            return None

        async def get() -> Aggregate | None:
            found = await self._states.get(domain, root)
            await self._check(domain, [found] if found else [])
            return found

        return await self._ready(domain, get)

    async def find(self, domain: str, where: Mapping[str, Any]) -> list[Aggregate]:
        async def find() -> list[Aggregate]:
            found = await self._states.find(domain, where)
            await self._check(domain, found)
            return found

        return await self._ready(domain, find)

    async def save(self, domain: str, aggregates: Sequence[Aggregate]) -> None:
        """Save states."""
        await self._save(domain, aggregates, None)

    async def cover(self, domain: str, before: Covered, *, to: int) -> None:
        """All roots are saved up to this position, where they were `before`, and the domain did not start anew since."""
        await self._save(domain, [], Covered(to, before.readied))

    async def _save(self, domain: str, aggregates: Sequence[Aggregate], covered: Covered | None) -> None:
        if not aggregates and covered is None:
            return

        async def save() -> None:
            position = max([covered.position if covered else 0, *(aggregate.position for aggregate in aggregates)])
            if position > self._witnessed[domain]:
                at = (await self._events.read(position - 1, 1)).commits[0]
                witness = Aggregate(WITNESS, _identity(at), position, position)
                await self._states.save(domain, [witness])
                self._note(domain, position)
            if covered and covered.readied != self._readied[domain]:
                raise Lost("the domain was readied anew meanwhile")
            await self._states.save(domain, aggregates, covered=covered.position if covered else None)

        await self._ready(domain, save)

    async def _ready(self, domain: str, use: Callable[[], Awaitable[T]]) -> T:
        try:
            if domain not in self._witnessed:
                self._witnessed[domain] = await self._start(domain)
                self._readied[domain] = self._readied.get(domain, 0) + 1
            return await use()
        except Unavailable as error:
            self._witnessed.pop(domain, None)
            raise Lost(error.message) from error

    async def _start(self, domain: str) -> int:
        """Ready a domain, anew where its states were made from another log; answers where its witness is."""
        await self._opened(domain)
        last = await self._states.get(domain, WITNESS)
        if last is None or await self._holds(last):
            return last.position if last else 0
        await self._states.ready(domain, fold="of another log", indexes=())
        await self._opened(domain)
        return 0

    async def _check(self, domain: str, found: Sequence[Aggregate]) -> None:
        """Raises Unavailable, and the domain starts anew, where a state is newer than the witness at rest.

        Another process may have saved both; else the file lost what was saved first, as it may when it was deleted
        while it was in use.
        """
        newest = max((aggregate.position for aggregate in found), default=0)
        if newest <= self._witnessed.get(domain, 0):
            return
        last = await self._states.get(domain, WITNESS)
        if last is None or last.position < newest or not await self._holds(last):
            await self._states.ready(domain, fold="of another log", indexes=())
            raise Unavailable(f"the states of {domain} are not of this log")
        self._note(domain, last.position)

    def _note(self, domain: str, witness: int) -> None:
        """Unless the domain was lost meanwhile: then it is readied when it is used next."""
        if domain in self._witnessed:
            self._witnessed[domain] = witness

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
