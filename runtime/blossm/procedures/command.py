"""Command: does a single-purpose job, and may log events.

A repeated request acts once. What it decides on is still true when its events are logged, or it decides again.
"""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from blossm.core.commit import Appended, StoredReply
from blossm.core.errors import BadRequest, BlossmError, Conflict
from blossm.core.event import Tx
from blossm.core.idempotency import derived_root, fingerprint, new_id
from blossm.core.payload import Contract
from blossm.core.read_set import ReadSet
from blossm.core.request import Answer, Cookie, Reply, Request
from blossm.handlers.acting import Actor
from blossm.handlers.command import Command
from blossm.handlers.job import Job
from blossm.handlers.modules import Modules
from blossm.handlers.reading import Reader
from blossm.handlers.run import broken, invoke, within
from blossm.model.network import CommandSpec, Network
from blossm.ports import Clients, Clock
from blossm.procedures.asked import check_contexts, deadline_of, on_the_way, root_of

PAUSE = 0.004  # seconds: the first pause before another attempt is up to this long, each further one up to twice as long
LONGEST_PAUSE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class _CommandJob(Job[CommandSpec]):
    payload: dict[str, Any]
    fingerprint: str


class CommandProcedure:
    """Implements `ports.CommandClient` for one command."""

    def __init__(
        self, *, spec: CommandSpec, network: Network, modules: Modules, clients: Clients, clock: Clock
    ) -> None:
        self._spec = spec
        self._network = network
        self._clients = clients
        self._clock = clock
        self._main = modules.function(spec.handler)
        self._normalize = modules.function(spec.normalize) if spec.normalize else None
        self._payload = Contract.of(spec.payload, at="payload")
        self._options = Contract.of_field(None, at="options")
        self._response = Contract.of_field(spec.response, at="response")

    async def call(self, request: Request) -> Answer:
        """Issue the command. A request without a key gets one."""
        if not request.key:
            request = replace(request, key=new_id(), fresh=True)
        deadline = deadline_of(self._spec, request, self._clock)
        return await within(self._answer(request, deadline), clock=self._clock, deadline=deadline)

    async def _answer(self, request: Request, deadline: float) -> Answer:
        mark = self._fingerprint(request)
        if not request.fresh and (done := await self._reply_to(request.key, mark)):
            return self._repeated(done, request.tx)
        job = await self._looked_at(request, mark, deadline)
        try:
            return await self._attempts(job)
        except BlossmError:
            # Another try of the same request may have been faster, and its doing the reason why this one fails.
            with suppress(BlossmError):
                if done := await self._reply_to(request.key, mark):
                    return self._repeated(done, request.tx)
            raise

    async def _looked_at(self, request: Request, mark: str, deadline: float) -> _CommandJob:
        """Validate, fill in defaults, let the user normalize, validate; then the root and the contexts."""
        payload = self._payload.take(request.payload)
        if self._normalize:
            normalized = await invoke(self._normalize, payload)
            if not isinstance(normalized, dict):
                broken(self._normalize, f"returned {type(normalized).__name__}, not a payload (a dict)")
            payload = self._payload.take(normalized)
        root = root_of(self._spec, request)
        check_contexts(self._spec, request)
        return _CommandJob(
            spec=self._spec,
            network=self._network,
            clients=self._clients,
            clock=self._clock,
            request=request,
            root=derived_root(request.key, 0) if self._spec.root == "new" else root,
            tx=on_the_way(request.tx, self._spec, self._clock),
            deadline=deadline,
            payload=payload,
            fingerprint=mark,
        )

    async def _attempts(self, job: _CommandJob) -> Answer:
        """Run `main` until nothing that it read has moved meanwhile, as often as the command says."""
        for tried in range(self._spec.retries + 1):
            serializable = self._spec.consistency == "serializable"
            reader = Reader(job, reads=ReadSet(self._spec.service) if serializable else None)
            actor = Actor(job, reader)
            try:
                return await self._attempt(job, reader, actor)
            except Conflict as conflict:
                if actor.has_acted or not reader.is_own(conflict):
                    raise
                if tried == self._spec.retries:
                    conflict.facts["attempts"] = tried + 1
                    raise
            finally:
                actor.end()
            await self._clock.sleep(random.random() * min(PAUSE * 2**tried, LONGEST_PAUSE))
        raise AssertionError("the last attempt answers or raises")

    async def _attempt(self, job: _CommandJob, reader: Reader, actor: Actor) -> Answer:
        payload = self._payload.normalise(job.payload)  # a copy: another attempt begins with what this one got
        command: Command[Any] = Command(job, payload, reader, actor)
        reply = self._reply(await invoke(self._main, command))
        try:
            events = actor.new_events(reply.events)
        except TypeError as error:
            broken(self._main, str(error))
        if not events:
            if actor.waiting:
                broken(self._main, "called a command for later, and logged no event that could keep the call")
            return self._answered(job, reply, actor, None)
        stored = StoredReply(reply.status, reply.response, self._root(job, actor, events[0].root), actor.logged)
        appended = await actor.append(events, stored, key=job.request.key, fingerprint=job.fingerprint)
        return self._repeated(appended, job.tx) if appended.repeated else self._answered(job, reply, actor, appended)

    def _reply(self, result: Any) -> Reply:
        """What `main` returned, as a checked reply."""
        match result:
            case Reply():
                reply = result
            case None:
                reply = Reply()
            case list() | tuple():
                reply = Reply(result)
            case _:
                broken(self._main, f"returned {type(result).__name__}, not a list of events or a Reply")
        status: Any = reply.status
        if not isinstance(status, int) or status not in range(200, 600):
            broken(self._main, f"replied with status {status!r}")
        cookies: Any = reply.cookies
        if not isinstance(cookies, list | tuple) or not all(isinstance(cookie, Cookie) for cookie in cookies):
            broken(self._main, "replied with cookies that are no Cookies")
        try:
            return replace(reply, response=self._response.take(reply.response))
        except BadRequest as error:
            broken(self._main, str(error), cause=error)

    def _answered(self, job: _CommandJob, reply: Reply, actor: Actor, appended: Appended | None) -> Answer:
        events = (*actor.logged, *(appended.events if appended else ()))
        return Answer(
            response=reply.response,
            root=self._root(job, actor, events[0].root if events else ""),
            events=events,
            cookies=tuple(reply.cookies),
            tx=job.tx.id,
            status=reply.status,
            service=self._spec.service,
            position=events[-1].position if events else 0,
        )

    def _root(self, job: _CommandJob, actor: Actor, first: str) -> str:
        """The command's root, or else that of the first event."""
        return job.root or (actor.logged[0].root if actor.logged else first)

    def _repeated(self, done: Appended, tx: Tx) -> Answer:
        """The original answer, but for its cookies."""
        events = (*done.reply.earlier, *done.events)
        return Answer(
            response=done.reply.response,
            root=done.reply.root,
            events=events,
            tx=tx.id,
            status=done.reply.status,
            service=self._spec.service,
            position=events[-1].position,
        )

    async def _reply_to(self, key: str, mark: str) -> Appended | None:
        """What this request was answered before. A command that can't log has no record to look up."""
        if not self._spec.logs:
            return None
        return await self._clients.event_stores(self._spec.service).reply_to(key, mark)

    def _fingerprint(self, request: Request) -> str:
        try:
            return fingerprint(request.root, request.payload, request.options, address=self._spec.address)
        except TypeError:  # it is no JSON, and that is told field by field
            self._payload.validate(request.payload)
            self._options.validate(request.options)
            raise
