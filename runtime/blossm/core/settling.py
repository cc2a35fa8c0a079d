"""Settling: what becomes of a batch of appends, and what their callers are told.

1. Each append is checked against the durable log and the earlier appends of its batch. Who loses to the durable log is
   told at once; who loses to a batch-mate only when the batch is durable, so that its next try can see the winner.
2. The batch is inserted at the head, and only after a head that is known to be durable.
3. Not inserted: `taken` (somebody else was there) or `unknown` (it may be in, in part, or come in late). Both ways the
   log says what became of it: read the tail, where a commit is known by its key and id; check who is not in it again,
   and insert at the head, which is the same position with the same commits as long as nothing is there.
   This ends after the appender's patience, also when reading fails meanwhile: nobody is told "nothing was written" who
   may be in.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Literal, Protocol

from blossm.core.batch import Append, Batch, Plan, is_ahead, plan, repeated
from blossm.core.commit import LoggedCommit, RootKey, appended
from blossm.core.errors import Conflict, DeadlineExceeded, Unavailable
from blossm.core.prefix import Prefix
from blossm.core.time import rfc3339

PAGE = 500  # commits of the tail that are read at once
FAR = 20_000  # events behind the head, from which on an appender starts anew instead of reading them all


class Tail(Protocol):
    """A page of the log, see `ports.ReadPage`."""

    @property
    def commits(self) -> tuple[LoggedCommit, ...]: ...


class Log(Protocol):
    """The part of `ports.LogStore` that appending takes."""

    async def head(self) -> int: ...

    async def insert_at(
        self, position: int, commits: Sequence[LoggedCommit]
    ) -> Literal["inserted", "taken", "unknown"]: ...

    async def latest(self, roots: Collection[RootKey]) -> dict[RootKey, int]: ...

    async def latest_in(self, domains: Collection[str]) -> dict[str, int]: ...

    async def by_key(self, keys: Collection[str]) -> dict[str, LoggedCommit]: ...

    async def read(self, after: int, limit: int) -> Tail: ...


class Time(Protocol):
    """The part of `ports.Clock` that appending takes."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...

    def call_later(self, seconds: float, callback: Callable[[], None]) -> object: ...


class WakeUps(Protocol):
    """The part of `ports.Bus` that appending takes."""

    def publish(self, service: str) -> None: ...


class Settler:
    """Settles one batch after the other. It knows the whole log up to the head at which it inserts."""

    def __init__(
        self, *, store: Log, clock: Time, bus: WakeUps, service: str, remembers: int, patience: float
    ) -> None:
        self._store = store
        self._clock = clock
        self._bus = bus
        self._service = service
        self._remembers = remembers
        self._patience = patience
        self._prefix: Prefix | None = None

    async def settle(self, batch: Batch) -> None:
        """Give every one of them its answer, or raise what those are told who have none."""
        if self._prefix is not None:
            self._prefix.trim()
        until = self._clock.monotonic() + self._patience
        tries = fruitless = 0
        while batch.waiting:
            cause: Unavailable | None = None
            moved = False
            try:
                moved = await self._try(batch)
            except Unavailable as error:
                if not batch.unclear:
                    raise
                cause = error
            if not batch.waiting:
                return
            if self._clock.monotonic() >= until:
                raise self.unknown() from cause
            tries, fruitless = tries + 1, 0 if moved else fruitless + 1
            # With many appenders on one log the one that waits least wins: by chance, not always the same one.
            longest = min(0.005 * 2**fruitless, 1.0) if fruitless else min(tries - 1, 8) * 0.001
            await self._clock.sleep(random.random() * longest)

    async def _try(self, batch: Batch) -> bool:
        """Insert those who wait at the head. Answers whether they are settled, or the log showed something new."""
        prefix = self._prefix or await self._begin()
        made = await self._plan(prefix, batch)
        if not made.winners:
            return True
        if await self._store.insert_at(prefix.head, [logged for _, logged in made.winners]) == "inserted":
            self._durable(prefix, made)
            batch.waiting = []
            return True
        batch.unclear = True
        if await self._catch_up(prefix, batch):
            return True
        batch.known |= (found := await self._known(batch.keys()))  # a key that was logged long ago is taken too
        return bool(found)

    async def _begin(self) -> Prefix:
        """Where the log ends now."""
        self._prefix = Prefix(*await self._end(), capacity=self._remembers)
        return self._prefix

    async def _end(self) -> tuple[int, str]:
        """The head, and the time of the last commit."""
        head = await self._store.head()
        if head == 1:
            return head, ""
        if not (last := (await self._store.read(head - 2, 1)).commits):
            raise Unavailable(f"the log of {self._service} has its head at {head} and does not show its last commit")
        return last[0].end, last[0].committed

    async def _plan(self, prefix: Prefix, batch: Batch) -> Plan:
        """The plan for the batch, when those who have no part in it have been told.

        Nobody is told of a loss before it is sure: the loser's key may be known (then its own first try is in its
        way), and one that expects more than the prefix has may have read what another appender logged.
        """
        waiting = (append.commit.key for append in batch.waiting)
        batch.known |= await self._known(key for key in waiting if key not in batch.known and prefix.knows_key(key))
        sure: set[str] = set()
        caught_up = False
        while True:
            await self._look_up(prefix, batch.waiting)
            made = plan(batch.waiting, prefix, batch.known, now=rfc3339(self._clock.now()))
            unsure = [append for append in made.losers() if append.commit.key not in sure]
            if not unsure:
                break
            if not caught_up and any(is_ahead(append, prefix) for append in unsure):
                await self._catch_up(prefix, batch)
                caught_up = True
            keys = {append.commit.key for append in unsure}
            batch.known |= await self._known(keys)
            sure |= keys
        for append, first in made.repeats:
            append.tell(repeated(append.commit, first))
        for append, conflict in made.lost:
            append.tell(conflict)
        batch.waiting = [append for append, _ in (*made.winners, *made.late)]
        return made

    async def _known(self, keys: Iterable[str]) -> dict[str, LoggedCommit]:
        """The commits of the durable log that have these keys."""
        wanted = [*keys]
        return await self._store.by_key(wanted) if wanted else {}

    async def _look_up(self, prefix: Prefix, waiting: list[Append]) -> None:
        """Learn of the roots and domains that the appends name and the prefix does not know."""
        roots: set[RootKey] = set()
        domains: set[str] = set()
        for append in waiting:
            roots.update((event.domain, event.root) for event in append.commit.events)
            roots.update(append.expect.roots)
            domains.update(append.expect.quiet)
        if missing := prefix.unknown_roots(roots):
            prefix.learn_roots(dict.fromkeys(missing, 0) | await self._store.latest(missing))
        if absent := prefix.unknown_domains(domains):
            prefix.learn_domains(dict.fromkeys(absent, 0) | await self._store.latest_in(absent))

    def _durable(self, prefix: Prefix, made: Plan) -> None:
        """The batch is durable: tell the winners, and those who met one of them."""
        last = made.winners[-1][1]
        prefix.learn_roots(made.numbers)
        prefix.learn_domains(made.positions)
        prefix.advance(head=last.end, committed=last.committed, keys=made.keys)
        for append, logged in made.winners:
            append.tell(appended(logged))
        for append, met in made.late:
            append.tell(met if isinstance(met, Conflict) else repeated(append.commit, met))
        self._bus.publish(self._service)

    async def _catch_up(self, prefix: Prefix, batch: Batch) -> bool:
        """Read the tail that others (or an unknown outcome of ours) have logged. Answers whether there is one.

        What it holds of the keys of the batch is known then. A process that was idle does not read all that others
        have logged meanwhile.
        """
        keys = batch.keys()
        pages = 0
        while commits := (await self._store.read(prefix.head - 1, PAGE)).commits:
            for logged in commits:
                prefix.add(logged)
                if logged.commit.key in keys:
                    batch.known[logged.commit.key] = logged
            prefix.trim()
            pages += 1
            if pages > 1 and await self._store.head() - prefix.head > FAR:  # one page is what a lost race takes
                prefix.restart(*await self._end())
                batch.known |= await self._known(keys)
        if not pages:
            return False
        self._bus.publish(self._service)
        return True

    def unknown(self) -> DeadlineExceeded:
        return DeadlineExceeded(
            f"the log of {self._service} does not say whether it wrote: the outcome is unknown",
            help="repeat with the same idempotency key",
        )
