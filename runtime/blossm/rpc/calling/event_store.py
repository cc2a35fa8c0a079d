"""One service's event stores over a wire: the same promises as in process."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing
from functools import cached_property
from typing import Any

from google.protobuf.message import Message

from blossm.core.commit import NOTHING, Appended, Commit, Expectation
from blossm.core.errors import BadRequest, Unavailable
from blossm.core.event import Aggregate, LoggedEvent
from blossm.core.plain_json import is_plain, unplain
from blossm.core.read_set import NO_READS, ReadSet
from blossm.model.network import Network
from blossm.ports import Clock, Reading, ReadPage
from blossm.procedures.intake import Intake
from blossm.rpc.calling.appends import Appends
from blossm.rpc.calling.line import PATIENCE, A, Line
from blossm.rpc.envelope.commit import Commits, appended_from_wire
from blossm.rpc.envelope.json_text import jsons_to_wire
from blossm.rpc.envelope.read_set import expectation_to_wire, reads_to_wire
from blossm.rpc.types import Types
from blossm.rpc.v1 import event_store_pb2 as pb

SERVICE = "/blossm.rpc.v1.EventStoreService"
PAUSE = 0.2  # seconds at most before a stream is asked for again


class WireEventStores:
    """Implements `ports.EventStoreClient`. Who calls is known by the line's key."""

    def __init__(self, line: Line, *, network: Network, types: Types, service: str, clock: Clock) -> None:
        self._line = line
        self._network = network
        self._service = service
        self._clock = clock
        self._commits = Commits(types, service=service)
        self._appends = Appends(line, service=service)

    async def append(self, commit: Commit, *, reads: ReadSet = NO_READS, expect: Expectation = NOTHING) -> Appended:
        """See `ports.EventStoreClient.append`. DeadlineExceeded: it was sent, and whether it was logged is not known."""
        try:
            message = pb.Appending(
                commit=self._commits.commit_to_wire(commit),
                reads=None if reads is NO_READS else reads_to_wire(reads),
                expect=None if expect is NOTHING else expectation_to_wire(expect),
            )
        except (TypeError, ValueError, BadRequest) as error:
            self._intake.taken(commit.events)
            raise BadRequest(f"a commit must be JSON: {error}") from error
        return await self._appends.append(message)

    async def reply_to(self, key: str, fingerprint: str) -> Appended | None:
        """See `ports.EventStoreClient.reply_to`."""
        answer = await self._ask("ReplyTo", pb.ReplyToResponse, pb.ReplyToRequest, key=key, fingerprint=fingerprint)
        return appended_from_wire(answer.appended) if answer.HasField("appended") else None

    async def aggregate(
        self, domain: str, root: str, *, head: int = 0, number: int | None = None, time: str | None = None
    ) -> Reading[Aggregate]:
        """See `ports.EventStoreClient.aggregate`. With a number, the time does not matter."""
        asked = {"domain": domain, "root": root, "head": head}
        at = {"time": time} if number is None else {"number": number}
        answer = await self._ask("Aggregate", pb.AggregateResponse, pb.AggregateRequest, **asked, **at)
        return Reading(self._commits.aggregate_from_wire(domain, answer.aggregate), answer.head)

    async def query_aggregates(
        self, domain: str, where: Mapping[str, Any], *, head: int = 0
    ) -> Reading[tuple[Aggregate, ...]]:
        """See `ports.EventStoreClient.query_aggregates`."""
        if not is_plain(where):
            raise BadRequest("the question is off", fields=list(unplain(where, at="where")))
        asked = {"domain": domain, "where": jsons_to_wire(where), "head": head}
        answer = await self._ask("QueryAggregates", pb.QueryAggregatesResponse, pb.QueryAggregatesRequest, **asked)
        return Reading(tuple(self._commits.aggregate_from_wire(domain, each) for each in answer.aggregates), answer.head)

    async def count(self, domain: str, root: str, *, head: int = 0) -> Reading[int]:
        """See `ports.EventStoreClient.count`."""
        answer = await self._ask("Count", pb.CountResponse, pb.CountRequest, domain=domain, root=root, head=head)
        return Reading(answer.count, answer.head)

    async def read(self, after: int, *, limit: int = 500, domains: Collection[str] | None = None) -> ReadPage:
        """See `ports.EventStoreClient.read`. A page has at most 500 events and 2 MiB, but a commit is whole."""
        if limit < 1:
            return ReadPage((), after)
        asked = {"after": after, "limit": min(limit, 500), "domains": _domains(domains)}
        return self._page(await self._ask("Read", pb.ReadResponse, pb.ReadRequest, **asked))

    async def stream(
        self, after: int, *, domains: Collection[str] | None = None, follow: bool = False
    ) -> AsyncGenerator[ReadPage, None]:
        """See `ports.EventStoreClient.stream`. A connection that breaks is made again, and the stream goes on from there.

        Raises Unavailable when that does not help for too long.
        """
        request = pb.StreamRequest(service=self._service, after=after, domains=_domains(domains), follow=follow)
        async with aclosing(self._messages(request)) as messages:
            async for message in messages:
                yield self._page(message)

    async def watch(self) -> AsyncGenerator[int, None]:
        """The head now, and when it has moved, the latest one. Ends or raises when the connection does."""
        request = pb.WatchRequest(service=self._service)
        async with aclosing(self._line.stream(f"{SERVICE}/Watch", request, pb.WatchResponse, timeout=None)) as heads:
            async for message in heads:
                yield message.head

    async def head(self) -> int:
        """See `ports.EventStoreClient.head`."""
        return (await self._ask("Head", pb.HeadResponse, pb.HeadRequest)).head

    async def commit_at(self, position: int) -> str:
        """See `ports.EventStoreClient.commit_at`."""
        return (await self._ask("CommitAt", pb.CommitAtResponse, pb.CommitAtRequest, position=position)).id

    async def root(self, domain: str, root: str, *, after: int = 0, until: int | None = None) -> list[LoggedEvent]:
        """See `ports.EventStoreClient.root`. A long one comes in several answers."""
        events: list[LoggedEvent] = []
        while True:
            asked = {"domain": domain, "root": root, "after": after, "until": until}
            answer = await self._ask("Root", pb.RootResponse, pb.RootRequest, **asked)
            events += [self._commits.event_from_wire(each) for each in answer.events]
            if not answer.more:
                return events
            after = events[-1].number

    async def _messages(self, request: pb.StreamRequest) -> AsyncGenerator[pb.StreamResponse, None]:
        """What a stream brings, over as many connections as it takes."""
        broken = self._clock.monotonic()
        while True:
            began, after, answered = self._clock.monotonic(), request.after, False
            try:
                stream = self._line.stream(f"{SERVICE}/Stream", request, pb.StreamResponse, timeout=None)
                async with aclosing(stream) as messages:
                    async for message in messages:
                        answered = True
                        if message.scanned > request.after:
                            request.after = message.scanned
                            yield message
                if not request.follow:
                    return
                problem = Unavailable(f"the log of {self._service} stopped telling what comes")
            except Unavailable as error:
                problem = error
            now = self._clock.monotonic()
            if request.after > after or now - began > PATIENCE:
                broken = now
            if not answered or now - broken > PATIENCE:
                raise problem
            await self._clock.sleep(random.random() * PAUSE)

    def _page(self, message: pb.ReadResponse | pb.StreamResponse) -> ReadPage:
        return ReadPage(tuple([self._commits.logged_from_wire(each) for each in message.commits]), message.scanned)

    @cached_property
    def _intake(self) -> Intake:
        """Tells what is off about events that no message can carry, in the words of the event stores themselves."""
        return Intake(service=self._service, stores=self._network.stores_of(self._service))

    async def _ask(self, method: str, answer: type[A], request: type[Message], **asked: Any) -> A:
        """The answer to a read, which may be asked again. Raises BadRequest for what no message can carry."""
        make: Any = request
        try:
            message = make(service=self._service, **asked)
        except (TypeError, ValueError) as error:
            raise BadRequest(f"the request is off: {error}") from error
        return await self._line.ask(f"{SERVICE}/{method}", message, answer, timeout=None, again=True)


def _domains(names: Collection[str] | None) -> pb.Domains | None:
    return None if names is None else pb.Domains(names=names)
