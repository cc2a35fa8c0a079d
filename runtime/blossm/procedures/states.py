"""The states of a service's roots: folded from the log, and saved so that the next time takes less.

What is saved is never trusted further than the log says: a saved state counts only up to the head that is asked about,
a question first brings them up to the head, and a store that was lost, or belongs to another log (a restored backup),
starts anew. Without a store everything still works, only slower.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import structlog

from blossm.core.commit import EventRef, RootKey
from blossm.core.errors import BlossmError, Internal
from blossm.core.event import Aggregate, LoggedEvent
from blossm.core.expectations import moved_root
from blossm.core.fold import Fold
from blossm.core.indexes import matches
from blossm.model.network import EventStoreSpec
from blossm.ports import Clock, LogStore, StateStore
from blossm.procedures.recent_states import LAST, RecentStates
from blossm.procedures.saved_states import Lost, SavedStates

PAGE = 5_000  # roots that are listed at once
TOGETHER = 100  # roots that are folded and saved at once
INLINE_EVENTS = 256  # more are merged on a thread
WAITING_ROOTS = 10_000  # whose states are to be saved; more are left for later
PAUSE = 0.05  # seconds in which what is to be saved gathers
MOMENT = 1.0  # seconds that closing waits for a save
FOLDERS = 4  # threads for user folds

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A root as of a head, and the number that it has by now (the same one where it did not move since)."""

    aggregate: Aggregate
    latest: int


@dataclass(frozen=True, slots=True)
class _Part:
    start: Aggregate  # where the fold begins
    events: list[LoggedEvent]
    latest: int


class States:
    """Loads and finds the roots of one service, and saves their states behind the reply."""

    def __init__(
        self,
        *,
        stores: Mapping[str, EventStoreSpec],
        folds: Mapping[str, Fold],
        events: LogStore,
        states: StateStore,
        clock: Clock,
    ) -> None:
        self._stores = dict(stores)
        self._folds = dict(folds)
        self._events = events
        self._recent = RecentStates()
        self._saved = SavedStates(stores=stores, folds=folds, events=events, states=states)
        self._clock = clock
        self._locks = {domain: asyncio.Lock() for domain in stores}
        self._folders = ThreadPoolExecutor(FOLDERS, thread_name_prefix="fold")
        self._behind: set[str] = set()  # domains to be brought up
        self._waiting: dict[RootKey, None] = {}  # roots to be saved
        self._saving: asyncio.Task[None] | None = None
        self._pausing = False  # nothing is being saved yet

    async def load(
        self, domain: str, root: str, *, head: int = LAST, number: int | None = None, time: str | None = None
    ) -> Loaded:
        """A root as of `head`, and as of a number or a time before it."""
        part = await self._gathered(domain, root, head=head, number=number, time=time)
        if len(part.events) >= self._stores[domain].snapshots_every and number is None and time is None:
            self._wait(domain, root)
        (aggregate,) = await self._folded(domain, [part])
        if part.events and number is None and time is None:
            self._recent.keep(domain, aggregate, apart=self._stores[domain].snapshots_every)
        return Loaded(aggregate, part.latest)

    async def matching(
        self, domain: str, where: Mapping[str, Any], *, head: int, pinned: bool
    ) -> tuple[Aggregate, ...]:
        """The roots whose state as of `head` has these values. `pinned`: Conflict when one of them has moved since."""
        found = {aggregate.root: aggregate for aggregate in await self._found(domain, where)}
        # What was found may be newer than the head. Who has moved since is read again, as of the head.
        for root, _ in await self._events.roots(domain, after=head - 1, limit=LAST):
            found.pop(root, None)
            loaded = await self.load(domain, root, head=head)
            if loaded.aggregate.number and matches(loaded.aggregate.state, where):
                if pinned:
                    raise moved_root((domain, root), expected=loaded.aggregate.number, actual=loaded.latest)
                found[root] = loaded.aggregate
        return tuple(found[root] for root in sorted(found))

    def logged(self, events: Iterable[EventRef]) -> None:
        """Save the states that these events make due, soon."""
        for event in events:
            store = self._stores[event.domain]
            if store.indexes:
                self._behind.add(event.domain)
                self._save_soon()
            elif event.number % store.snapshots_every == 0:
                self._wait(event.domain, event.root)

    async def close(self) -> None:
        """Stop saving; what is not saved is folded again. A write that is under way has a moment to end."""
        if (saving := self._saving) is not None:
            self._behind.clear()
            self._waiting.clear()
            if not self._pausing:
                await asyncio.wait([saving], timeout=MOMENT)
            saving.cancel()
            await asyncio.wait([saving])
        self._folders.shutdown(wait=False, cancel_futures=True)

    async def _gathered(
        self, domain: str, root: str, *, head: int = LAST, number: int | None = None, time: str | None = None
    ) -> _Part:
        """What there is to fold, from the kept or saved state that it can begin with.

        Reads no more than `snapshots.every` events, twice, where they are saved that often.
        """
        start, events, read = None, [], 0
        if time is None and (start := self._recent.get(domain, root, before=head, number=_or_last(number))):
            # It may have been kept long ago, and others have logged and saved since.
            read = start.number + self._stores[domain].snapshots_every
            events = await self._events.root(domain, root, after=start.number, until=min(read, _or_last(number)))
        if start is None or (events and events[-1].number == read):
            saved = await self._saved_state(domain, root, head=head, number=number) if time is None else None
            if saved and saved.number >= read:
                start, events, read = saved, [], saved.number
            events += await self._events.root(domain, root, after=read, until=number, until_time=time)
        latest = events[-1].number if events else start.number if start else 0
        while events and events[-1].position >= head:
            events.pop()
        return _Part(start or Aggregate(root, {}), events, latest)

    async def _saved_state(self, domain: str, root: str, *, head: int, number: int | None) -> Aggregate | None:
        """The saved state of a root, if a fold up to there can begin with it."""
        try:
            saved = await self._saved.get(domain, root)
        except Lost:
            return None
        return saved if saved and saved.position < head and saved.number <= _or_last(number) else None

    async def _folded(self, domain: str, parts: list[_Part]) -> list[Aggregate]:
        """What they add up to. User code, or much of ours, runs on a thread."""
        fold = self._folds[domain]
        events = sum(len(part.events) for part in parts)
        try:
            if events > INLINE_EVENTS or (events and fold.runs_user_code):
                return await asyncio.get_running_loop().run_in_executor(self._folders, _fold, fold, parts)
            return _fold(fold, parts)
        except Internal as error:
            told = {name: error.facts[name] for name in ("id", "root", "number") if name in error.facts}
            log.error("a fold broke", problem=error.message, **told)  # noqa: TRY400 - the problem names the user's line
            raise

    async def _found(self, domain: str, where: Mapping[str, Any]) -> list[Aggregate]:
        """The roots that have these values now, or had when they were last saved, if they have moved since."""
        for _ in range(2):  # a store that was thrown away is a new one the second time
            try:
                async with self._locks[domain]:
                    await self._bring_up(domain)
                    return await self._saved.find(domain, where)
            except Lost as error:
                log.warning("states are made anew", domain=domain, reason=str(error))
        return await self._searched(domain, where)

    async def _searched(self, domain: str, where: Mapping[str, Any]) -> list[Aggregate]:
        """The same, without saved states: every root of the domain is folded."""
        found: list[Aggregate] = []
        for root, _ in await self._events.roots(domain, limit=LAST):
            loaded = await self.load(domain, root)
            if matches(loaded.aggregate.state, where):
                found.append(loaded.aggregate)
        return found

    async def _bring_up(self, domain: str) -> None:
        """Save the states of all roots that have moved since the domain was last covered. Raises Lost."""
        covered = await self._saved.covered(domain)
        whole = False
        while not whole:
            end = await self._events.head() - 1
            page = await self._events.roots(domain, after=covered.position, limit=PAGE)
            whole = len(page) < PAGE
            if not page:
                return
            await self._save_roots(domain, [root for root, _ in page])
            await self._saved.cover(domain, covered, to=end if whole else page[-1][1])
            covered = covered._replace(position=page[-1][1])

    async def _save_roots(self, domain: str, roots: Sequence[str]) -> None:
        """Save these roots as they are now, a few at a time."""
        for few in (roots[at : at + TOGETHER] for at in range(0, len(roots), TOGETHER)):
            parts = [await self._gathered(domain, root) for root in few]
            await self._saved.save(domain, await self._folded(domain, parts))

    def _wait(self, domain: str, root: str) -> None:
        if len(self._waiting) < WAITING_ROOTS:
            self._waiting[domain, root] = None
            self._save_soon()

    def _save_soon(self) -> None:
        if self._saving is None:
            self._saving = asyncio.create_task(self._save(), name="states")

    async def _save(self) -> None:
        """Save until nothing waits. What can't be saved is folded again when it is asked for."""
        try:
            while self._behind or self._waiting:
                self._pausing = True
                await self._clock.sleep(PAUSE)
                self._pausing = False
                behind, self._behind = self._behind, set()
                waiting, self._waiting = self._waiting, {}
                for domain in behind:
                    async with self._locks[domain]:
                        await self._bring_up(domain)
                for domain in {domain for domain, _ in waiting}:
                    await self._save_roots(domain, [root for of, root in waiting if of == domain])
        except (Lost, BlossmError) as error:
            log.warning("states were not saved", reason=str(error))
        finally:
            self._saving = None


def _or_last(number: int | None) -> int:
    return LAST if number is None else number


def _fold(fold: Fold, parts: list[_Part]) -> list[Aggregate]:
    return [
        Aggregate(
            part.start.root,
            fold.state(part.events, start=part.start.state),
            part.events[-1].number,
            part.events[-1].position,
        )
        if part.events
        else part.start
        for part in parts
    ]
