"""What commands do: log, call, and make new roots, under keys by which a repeated request meets what it did before."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from blossm.core.commit import NOTHING, Appended, Commit, EventRef, Later, NewEvent, StoredReply
from blossm.core.errors import BadRequest, BlossmError, Conflict, DeadlineExceeded, FieldProblem, KeyReused
from blossm.core.event import Event
from blossm.core.idempotency import derived_key, derived_root, fingerprint, new_id
from blossm.core.payload import Contract
from blossm.core.read_set import NO_READS
from blossm.core.request import Answer
from blossm.core.root import meant_root
from blossm.core.time import parse_rfc3339, rfc3339
from blossm.handlers.edges import callable_command, loggable_store
from blossm.handlers.job import Job
from blossm.handlers.reading import Reader
from blossm.handlers.run import broken, unheard
from blossm.model.network import CommandSpec
from blossm.ports import EventStoreClient

T = TypeVar("T")
Time = datetime | str | float | timedelta

_kept: set[asyncio.Task[Any]] = set()  # a task that nobody refers to may vanish


class Actor:
    """The acting half of what a command gets, for one attempt."""

    def __init__(self, job: Job[CommandSpec], reader: Reader) -> None:
        self._job = job
        self._spec = job.spec
        self._request = job.request
        self._reader = reader
        self._ordinals = {"root": 0, "log": 0, "call": 0}
        self._later: list[Later] = []
        self._logged: list[EventRef] = []
        self._acts = 0
        self._over = False

    @property
    def has_acted(self) -> bool:
        """Whether it has logged, or called another command: then another attempt would not begin afresh."""
        return self._acts > 0

    @property
    def logged(self) -> tuple[EventRef, ...]:
        """What was logged in its service's log so far, mid-routine and by commands it called."""
        return tuple(self._logged)

    @property
    def waiting(self) -> bool:
        """Whether there are calls for later that no commit holds yet."""
        return bool(self._later)

    def end(self) -> None:
        """The attempt is over. What of it still runs, beside it or after it, logs and calls nothing any more."""
        self._over = True

    def new_root(self) -> str:
        return derived_root(self._request.key, self._next("root") + 1)  # the 0th is the command's own, for `root: new`

    async def log(self, events: Sequence[Event]) -> tuple[EventRef, ...]:
        self._check()
        made = self.new_events(events)
        if not made:
            return ()
        ordinal = self._next("log")
        key, mark = derived_key(self._request.key, "log", ordinal), _fingerprint(made, self._later)
        self._acts += 1
        try:
            appended = await self.append(made, StoredReply(), key=key, fingerprint=mark)
        except KeyReused as error:
            raise await self._diverged(f"log {ordinal}", error, [event.action for event in made]) from error
        except DeadlineExceeded:
            raise
        except BlossmError:  # nothing was logged
            self._acts -= 1
            self._give_back("log", ordinal)
            raise
        self._reader.moved(appended.events)
        self._logged += appended.events
        return appended.events

    async def call(
        self, address: str, payload: Mapping[str, Any] | None, *, root: str | None, later: Time | None
    ) -> Answer:
        self._check()
        command = callable_command(self._spec, self._job.network, address)
        given = (root or "").lower()
        if later is not None:
            self._later.append(self._for_later(command, dict(payload or {}), given, later))
            return Answer(root=given, tx=self._job.tx.id, service=command.service)
        self._acts += 1
        ordinal = self._next("call")
        key = derived_key(self._request.key, "call", ordinal)
        request = self._job.asking(command.address, payload, given, key=key)
        try:
            answer = await self._job.clients.command(command.address).call(request)
        except KeyReused as error:
            if "first" not in error.facts or "at" in error.facts:  # the called command's own, or told already
                raise
            raise await self._diverged(f"call {ordinal}", error, f"{command.address} {given}".rstrip()) from error
        if command.service == self._spec.service:
            self._reader.moved(answer.events)
            self._logged += answer.events
        return answer

    def new_events(self, events: Sequence[Event]) -> tuple[NewEvent, ...]:
        """Events with all that they leave to the command, where it may log them. Raises TypeError for what is none."""
        return tuple(self._new_event(event) for event in events)

    async def append(
        self, events: tuple[NewEvent, ...], reply: StoredReply, *, key: str, fingerprint: str
    ) -> Appended:
        """Log a commit with these events and what is to be called later, if what was read is still true.

        Whoever stops waiting does not stop the write. What an event store refuses, the handler has made: Internal.
        """
        self._check()
        later, self._later = self._later, []
        commit = Commit(
            id=new_id(),
            key=key,
            fingerprint=fingerprint,
            events=events,
            reply=reply,
            later=tuple(later),
            tx=self._job.tx,
            context=dict(self._request.context),
            traceparent=self._request.traceparent,
            created=rfc3339(self._job.clock.now()),
        )
        reads = self._reader.reads if self._spec.consistency == "serializable" else NO_READS
        try:
            return await _unstopped(self._stores().append(commit, reads=reads, expect=NOTHING))
        except BlossmError as error:
            self._later = later + self._later
            if isinstance(error, Conflict):
                self._reader.note(error)
            if isinstance(error, BadRequest):
                broken(self._spec.address, str(error), cause=error)
            raise

    def _new_event(self, event: Event) -> NewEvent:
        if not isinstance(event, Event):
            raise TypeError(f"a command logs Events, not {type(event).__name__}")
        if not all(isinstance(name, str) for name in (event.action, event.domain or "")):
            raise TypeError("the action and the domain of an Event are text")
        store = loggable_store(self._spec, self._job.network, event.domain)
        root = str(event.root or self._job.root).lower()
        if not root:
            raise BadRequest(
                f"the event {event.action} has no root",
                fields=[FieldProblem("root", "is required: the request has none")],
                help=f'give it one: Event("{event.action}", …, root=command.new_root())',
            )
        action = store.actions.get(event.action)
        return NewEvent(store.domain, root, event.action, action.version if action else 1, event.payload)

    def _for_later(self, command: CommandSpec, payload: dict[str, Any], root: str, when: Time) -> Later:
        """A call that waits in the commit; refused now if the command would refuse it then."""
        taken = Contract.of(command.payload).take(payload)
        meant_root(command, root or None, self._request.context)
        return Later(command.address, taken, root, self._time(when))

    def _time(self, when: Time) -> str:
        match when:
            case datetime():
                return rfc3339(when)
            case timedelta():
                return rfc3339(self._job.clock.now() + when)
            case str():
                return rfc3339(parse_rfc3339(when))
            case _:
                return rfc3339(self._job.clock.now() + timedelta(seconds=when))

    async def _diverged(self, use: str, error: KeyReused, now: Any) -> KeyReused:
        """The refusal of a repeat that does something else than it did before, with both sides named."""
        facts = {name: dict(side) if isinstance(side, dict) else side for name, side in error.facts.items()}
        first, second = facts.setdefault("first", {}), facts.setdefault("now", {})
        second["did"] = now
        if use.startswith("log") and (position := first.get("position")):
            page = await self._stores().read(position - 1, limit=1)
            first["did"] = [event.action for commit in page.commits for event in commit.commit.events]
        return KeyReused(
            f"the repeated request diverges from what it did before, at its {use}",
            facts=facts | {"at": use},
            help="a command that is repeated with the same key must do the same again; use a new key for a new request",
        )

    def _stores(self) -> EventStoreClient:
        return self._job.clients.event_stores(self._spec.service)

    def _check(self) -> None:
        """Raises when it is too late to log or call."""
        if self._over:
            raise RuntimeError(f"this run of {self._spec.address} is over: it logs and calls nothing any more")
        if self._job.clock.monotonic() >= self._job.deadline:
            raise DeadlineExceeded("the deadline has passed: nothing is logged or called any more")

    def _next(self, use: str) -> int:
        ordinal = self._ordinals[use]
        self._ordinals[use] += 1
        return ordinal

    def _give_back(self, use: str, ordinal: int) -> None:
        """The ordinal of what was not done is that of what is done next: a repeat counts only what was done."""
        if self._ordinals[use] == ordinal + 1:
            self._ordinals[use] = ordinal


def _fingerprint(events: Sequence[NewEvent], later: Sequence[Later]) -> str:
    """What a mid-routine commit holds; empty for what is no JSON, which its event store refuses."""
    logged = [[event.domain, event.root, event.action, event.payload] for event in events]
    calls = [[call.address, call.root, call.payload] for call in later]  # not when: seconds are counted from now
    try:
        return fingerprint("", {"events": logged, "later": calls}, {})
    except TypeError:
        return ""


async def _unstopped(work: Coroutine[Any, Any, T]) -> T:
    """What `work` gives; it goes on when the caller is cancelled."""
    task = asyncio.ensure_future(work)
    _kept.add(task)
    task.add_done_callback(_kept.discard)
    task.add_done_callback(unheard)
    return await asyncio.shield(task)
