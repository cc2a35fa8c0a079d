"""Event stores: typed windows on the one log of their service.

An append is checked before anything is queued; what a command has read becomes what must still be true when its events
are logged. Reads say at which head they were true, and can be pinned to one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping
from typing import Any

import msgspec

from blossm.core.appender import Appender
from blossm.core.batch import repeated, reused
from blossm.core.commit import NOTHING, Appended, Commit, Expectation, LoggedCommit, NewEvent, RootKey, appended
from blossm.core.errors import BadRequest, Conflict, FieldProblem, KeyReused, NotFound
from blossm.core.event import Aggregate, LoggedEvent
from blossm.core.expectations import moved_root, only_quiet_failed
from blossm.core.fold import Fold
from blossm.core.read_set import NO_READS, ReadSet
from blossm.core.root import is_root
from blossm.core.time import normal_time
from blossm.model.network import EventStoreSpec
from blossm.ports import Bus, Clock, LogStore, Reading, ReadPage, StateStore
from blossm.procedures.intake import Intake
from blossm.procedures.questions import Questions
from blossm.procedures.states import States

QUIET_TRIES = 8  # how often questions are asked again because their domain was not quiet
STREAMED = 500  # commits a page
LOOK = 10.0  # seconds after which a follower looks without a wake-up


class EventStores:
    """All event stores of one service. Implements `ports.EventStoreClient`, for callers whose edges are checked."""

    def __init__(
        self,
        *,
        service: str,
        network: str,
        stores: Mapping[str, EventStoreSpec],
        folds: Mapping[str, Fold],
        appender: Appender,
        log: LogStore,
        states: StateStore,
        clock: Clock,
        bus: Bus,
    ) -> None:
        self.service = service
        self.network = network
        self._stores = dict(stores)
        self._folds = dict(folds)
        self._appender = appender
        self._log = log
        self._bus = bus
        self._intake = Intake(service=service, stores=stores)
        self._states = States(stores=stores, folds=folds, events=log, states=states, clock=clock)
        self._lifts = any(action.version > 1 for store in stores.values() for action in store.actions.values())
        self._questions = Questions(stores=stores, states=self._states, log=log)

    async def append(self, commit: Commit, *, reads: ReadSet = NO_READS, expect: Expectation = NOTHING) -> Appended:
        """See `ports.EventStoreClient.append`."""
        commit = self._intake.commit(commit)
        if reads is not NO_READS or expect is not NOTHING:
            self._intake.check_expected(reads, expect)
        try:
            done = await self._append(commit, reads, expect)
        except Conflict:
            # A repeat must not be told that its own first try is in its way.
            if (first := await self._first(commit.key)) is None:
                raise
            answer = repeated(commit, first)
            if isinstance(answer, KeyReused):
                raise answer from None
            return answer
        if not done.repeated:
            self._states.logged(done.events)
        return done

    async def reply_to(self, key: str, fingerprint: str) -> Appended | None:
        """See `ports.EventStoreClient.reply_to`."""
        if (first := await self._first(key)) is None:
            return None
        if error := reused(fingerprint, first):
            raise error
        return appended(first, repeated=True)

    async def aggregate(
        self, domain: str, root: str, *, head: int = 0, number: int | None = None, time: str | None = None
    ) -> Reading[Aggregate]:
        """See `ports.EventStoreClient.aggregate`."""
        self._check(domain, root)
        if number is not None and number < 0:
            raise BadRequest("the number is off", fields=[FieldProblem("number", "must be 0 or more")])
        at = head or await self._log.head()
        loaded = await self._states.load(domain, root, head=at, number=number, time=_time(time))
        aggregate = loaded.aggregate
        if head and number is None and time is None and loaded.latest != aggregate.number:
            raise moved_root((domain, root), expected=aggregate.number, actual=loaded.latest)
        return Reading(aggregate, at)

    async def query_aggregates(
        self, domain: str, where: Mapping[str, Any], *, head: int = 0
    ) -> Reading[tuple[Aggregate, ...]]:
        """See `ports.EventStoreClient.query_aggregates`."""
        self._check(domain)
        at = head or await self._log.head()
        return Reading(await self._questions.ask(domain, where, head=at, pinned=head > 0), at)

    async def count(self, domain: str, root: str, *, head: int = 0) -> Reading[int]:
        """See `ports.EventStoreClient.count`."""
        self._check(domain, root)
        at = head or await self._log.head()
        latest = (await self._log.latest([(domain, root)])).get((domain, root), 0)
        last = await self._log.root(domain, root, after=latest - 1, until=latest) if latest else []
        if not last or last[0].position < at:
            return Reading(latest, at)
        before = [event for event in await self._log.root(domain, root, until=latest) if event.position < at]
        if head:
            raise moved_root((domain, root), expected=len(before), actual=latest)
        return Reading(len(before), at)

    async def read(self, after: int, *, limit: int = 500, domains: Collection[str] | None = None) -> ReadPage:
        """See `ports.LogStore.read`; old payloads are lifted."""
        page = await self._log.read(after, limit, domains=domains)
        if self._lifts and any(self._is_old(event) for logged in page.commits for event in logged.commit.events):
            commits = await asyncio.to_thread(lambda: tuple(self._lifted(logged) for logged in page.commits))
            return ReadPage(commits, page.scanned)
        return page

    async def stream(
        self, after: int, *, domains: Collection[str] | None = None, follow: bool = False
    ) -> AsyncGenerator[ReadPage, None]:
        """See `ports.EventStoreClient.stream`."""
        wake = self._bus.subscribe([self.service])
        while True:
            page = await self.read(after, limit=STREAMED, domains=domains)
            if page.scanned > after:
                after = page.scanned
                yield page
            elif follow:
                await wake.wait(timeout=LOOK)
            else:
                return

    async def head(self) -> int:
        """See `ports.LogStore.head`."""
        return await self._log.head()

    async def commit_at(self, position: int) -> str:
        """See `ports.EventStoreClient.commit_at`."""
        commits = (await self._log.read(position - 1, 1)).commits if position > 0 else ()
        return commits[0].commit.id if commits and commits[0].end - 1 == position else ""

    async def root(self, domain: str, root: str, *, after: int = 0, until: int | None = None) -> list[LoggedEvent]:
        """See `ports.EventStoreClient.root`."""
        self._check(domain, root)
        events = await self._log.root(domain, root, after=after, until=until)
        fold = self._folds[domain]
        if any(self._is_old(event) for event in events):
            return await asyncio.to_thread(lambda: [fold.lift(event) for event in events])
        return events

    async def close(self) -> None:
        """Stop saving states. The appender and the stores are closed by who made them."""
        await self._states.close()

    async def _append(self, commit: Commit, reads: ReadSet, expect: Expectation) -> Appended:
        """Append with what was read as an expectation; ask the questions again when only their quiet failed."""
        roots = _roots(reads, expect)
        for attempt in range(1, QUIET_TRIES + 1):
            quiet = dict(expect.quiet)
            if reads.questions:
                head = await self._log.head()
                for question in reads.questions:
                    await self._questions.ask_again(question, head=head, read_at=question.head or reads.head)
                    quiet[question.domain] = min(head, quiet.get(question.domain, head))
            try:
                return await self._appender.append(commit, Expectation(roots=roots, quiet=quiet))
            except Conflict as conflict:
                if not only_quiet_failed(conflict) or _callers_own(conflict, expect) or attempt == QUIET_TRIES:
                    raise
        raise AssertionError("the last try answers or raises")

    async def _first(self, key: str) -> LoggedCommit | None:
        """The commit that has this idempotency key."""
        return (await self._log.by_key([key])).get(key)

    def _check(self, domain: str, root: str | None = None) -> None:
        if domain not in self._stores:
            raise NotFound(f"the service {self.service} has no domain {domain}", facts={"domains": list(self._stores)})
        if root is not None and not is_root(root):
            raise BadRequest("the root is off", fields=[FieldProblem("root", "must be a UUID in lower case")])

    def _is_old(self, event: NewEvent | LoggedEvent) -> bool:
        store = self._stores.get(event.domain)
        action = store.actions.get(event.action) if store else None
        return action is not None and event.version < action.version

    def _lifted(self, logged: LoggedCommit) -> LoggedCommit:
        """The commit with the payloads that its actions have today."""
        if not any(self._is_old(event) for event in logged.commit.events):
            return logged
        events = (
            self._folds[event.domain].lift(event) if self._is_old(event) else event
            for event in logged.events(service=self.service, network=self.network)
        )
        lifted = tuple(NewEvent(event.domain, event.root, event.action, event.version, event.payload) for event in events)
        return msgspec.structs.replace(logged, commit=msgspec.structs.replace(logged.commit, events=lifted))


def _roots(reads: ReadSet, expect: Expectation) -> dict[RootKey, int]:
    """The numbers that roots must still have: of those read, those in answers, and those expected.

    Raises Conflict when two of them can't be true at once.
    """
    roots = dict(expect.roots)
    read = list(reads.roots.items())
    for question in reads.questions:
        own = {root: last for root, (_, last) in question.own.items()}
        read += [((question.domain, root), number) for root, number in (question.answer | own).items()]
    for key, number in read:
        if (other := roots.setdefault(key, number)) != number:
            raise moved_root(key, expected=min(number, other), actual=max(number, other))
    return roots


def _callers_own(conflict: Conflict, expect: Expectation) -> bool:
    """Whether the caller itself expected the domain to be quiet where it was not."""
    own = expect.quiet.get(conflict.facts["domain"])
    return own is not None and conflict.facts["is"] >= own


def _time(time: str | None) -> str | None:
    """The time as the log writes it."""
    if time is None:
        return None
    try:
        return normal_time(time)
    except (ValueError, OverflowError) as error:  # the latter: in UTC it is beyond all years
        raise BadRequest("the time is off", fields=[FieldProblem("time", str(error))]) from error
