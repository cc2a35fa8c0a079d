"""Serves the event stores of services: the same windows that a caller has in process, with messages around them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

import structlog
from google.protobuf.message import Message

from blossm.core.errors import BadRequest, BlossmError, DeadlineExceeded, FieldProblem, Internal, NotFound
from blossm.core.idempotency import new_id
from blossm.model.network import Network, Ref
from blossm.ports import Clock, EventStoreClient
from blossm.procedures.callers import Caller, Callers, word_of
from blossm.rpc.bounds import MAX_MESSAGE
from blossm.rpc.call import Call
from blossm.rpc.envelope.commit import Commits, appended_to_wire
from blossm.rpc.envelope.json_text import jsons_from_wire
from blossm.rpc.serving.appending import Appending, Appendings
from blossm.rpc.serving.foreign import check_few, check_known
from blossm.rpc.serving.pages import BATCH_BYTES, batches
from blossm.rpc.status import MAX_ERROR, message_of
from blossm.rpc.types import Types
from blossm.rpc.v1 import event_store_pb2 as pb

MOST_APPENDS = 1_000  # commits in one request
PAGE = 500  # commits in one answer
ROOT_EVENTS = 2_000  # of a root in one answer
MAX_NUMBER = 2**62  # after every other

log = structlog.get_logger("blossm.rpc")


class EventStoreService:
    """The event stores of some services, by the services' names."""

    def __init__(
        self,
        procedures: Mapping[str, EventStoreClient],
        *,
        network: Network,
        types: Types,
        callers: Callers,
        clock: Clock,
    ) -> None:
        self._procedures = procedures
        self._network = network
        self._callers = callers
        self._commits = {service: Commits(types, service=service) for service in network.services}
        self._appendings = {
            service: Appendings(service=service, network=network, types=types, clock=clock) for service in network.services
        }

    async def append(self, request: pb.AppendRequest, call: Call) -> pb.AppendResponse:
        """Hands the commits to the log at once and in their order, so that they share its next write."""
        check_known(request, deep=False)
        stores = self._window(request.service, call)
        check_few(len(request.appends), "appends", most=MOST_APPENDS)
        appendings = self._appendings[request.service]
        most = min(MAX_ERROR, BATCH_BYTES // max(1, len(request.appends)))

        async def one(message: pb.Appending) -> pb.AppendResult:
            try:
                appending = appendings.taken(message, traceparent=call.traceparent)
                self._check_later(call.caller, appending)
                done = await stores.append(appending.commit, reads=appending.reads, expect=appending.expect)
            except BlossmError as error:
                return pb.AppendResult(error=message_of(error, most=most))
            except Exception:  # what breaks one commit must not take the others' answers along
                return pb.AppendResult(error=message_of(_broken()))
            return pb.AppendResult(appended=appended_to_wire(done))

        if len(request.appends) == 1:
            results = [await one(request.appends[0])]
        else:
            results = await asyncio.gather(*map(one, request.appends))
        return _fitting(pb.AppendResponse(results=results))

    async def reply_to(self, request: pb.ReplyToRequest, call: Call) -> pb.ReplyToResponse:
        check_known(request)
        done = await self._window(request.service, call).reply_to(request.key, request.fingerprint)
        return pb.ReplyToResponse(appended=None if done is None else appended_to_wire(done))

    async def aggregate(self, request: pb.AggregateRequest, call: Call) -> pb.AggregateResponse:
        _check(request, "head")
        stores = self._window(request.service, call)
        found = await stores.aggregate(
            request.domain,
            request.root,
            head=request.head,
            number=request.number if request.HasField("number") else None,
            time=request.time if request.HasField("time") else None,
        )
        aggregate = self._commits[request.service].aggregate_to_wire(request.domain, found.value)
        return pb.AggregateResponse(aggregate=aggregate, head=found.head)

    async def query_aggregates(self, request: pb.QueryAggregatesRequest, call: Call) -> pb.QueryAggregatesResponse:
        _check(request, "head")
        stores = self._window(request.service, call)
        where = jsons_from_wire(request.where, at="where")
        found = await stores.query_aggregates(request.domain, where, head=request.head)
        commits = self._commits[request.service]
        aggregates = [commits.aggregate_to_wire(request.domain, aggregate) for aggregate in found.value]
        return pb.QueryAggregatesResponse(aggregates=aggregates, head=found.head)

    async def count(self, request: pb.CountRequest, call: Call) -> pb.CountResponse:
        _check(request, "head")
        found = await self._window(request.service, call).count(request.domain, request.root, head=request.head)
        return pb.CountResponse(count=found.value, head=found.head)

    async def read(self, request: pb.ReadRequest, call: Call) -> pb.ReadResponse:
        """One batch of the page that was asked for."""
        _check(request, "after", "limit")
        stores = self._window(request.service, call)
        limit = min(request.limit or PAGE, PAGE)
        page = await stores.read(request.after, limit=limit, domains=_domains(request))
        for commits, scanned in batches(page, self._commits[request.service]):
            return pb.ReadResponse(commits=commits, scanned=scanned)
        raise AssertionError("a page has a batch")

    async def stream(self, request: pb.StreamRequest, call: Call) -> AsyncGenerator[pb.StreamResponse, None]:
        """Reads on only when what was read is sent. One that follows says first that it stands."""
        _check(request, "after")
        stores = self._window(request.service, call)
        if request.follow:
            yield pb.StreamResponse(scanned=request.after)
        commits = self._commits[request.service]
        async with aclosing(stores.stream(request.after, domains=_domains(request), follow=request.follow)) as pages:
            async for page in pages:
                for batch, scanned in batches(page, commits):
                    yield pb.StreamResponse(commits=batch, scanned=scanned)

    async def head(self, request: pb.HeadRequest, call: Call) -> pb.HeadResponse:
        check_known(request)
        return pb.HeadResponse(head=await self._window(request.service, call).head())

    async def watch(self, request: pb.WatchRequest, call: Call) -> AsyncGenerator[pb.WatchResponse, None]:
        """Looks where the log is only when the last answer is sent: heads that came meanwhile are one."""
        check_known(request)
        stores = self._window(request.service, call)
        head = await stores.head()
        yield pb.WatchResponse(head=head)
        async with aclosing(stores.stream(head - 1, domains=(), follow=True)) as pages:
            async for page in pages:
                yield pb.WatchResponse(head=page.scanned + 1)

    async def commit_at(self, request: pb.CommitAtRequest, call: Call) -> pb.CommitAtResponse:
        check_known(request)
        return pb.CommitAtResponse(id=await self._window(request.service, call).commit_at(request.position))

    async def root(self, request: pb.RootRequest, call: Call) -> pb.RootResponse:
        """As many of the root's events as are good to send at once."""
        _check(request, "after", "until")
        stores = self._window(request.service, call)
        last = request.until if request.HasField("until") else MAX_NUMBER
        until = min(last, request.after + ROOT_EVENTS)
        events = await stores.root(request.domain, request.root, after=request.after, until=until)
        commits = self._commits[request.service]
        answer, size = pb.RootResponse(more=until < last and len(events) == ROOT_EVENTS), 0
        for event in events:
            message = pb.LoggedEvent(**commits.event_to_wire(event))
            size += message.ByteSize()
            if size > BATCH_BYTES and answer.events:
                answer.more = True
                break
            answer.events.append(message)
        return answer

    def _window(self, service: str, call: Call) -> EventStoreClient:
        """The event stores as the caller may use them."""
        if service not in self._procedures:
            ref = Ref("event-store", service)
            raise NotFound(f"there is no event-store {service}", facts={"callee": word_of(ref)})
        return self._callers.window(call.caller, service, self._procedures[service])

    def _check_later(self, caller: Caller, appending: Appending) -> None:
        """Raises PermissionDenied for a later call that the caller may not make now either."""
        for later in appending.commit.later:
            self._callers.check(caller, Ref("command", later.address))


def _check(request: Message, *names: str) -> None:
    """Raises BadRequest for fields of a newer contract, and where one of these fields is negative."""
    check_known(request)
    fields = [FieldProblem(name, "must be 0 or more") for name in names if getattr(request, name) < 0]
    if fields:
        raise BadRequest("the request is off", fields=fields)


def _domains(request: pb.ReadRequest | pb.StreamRequest) -> list[str] | None:
    return list(request.domains.names) if request.HasField("domains") else None


def _fitting(answer: pb.AppendResponse) -> pb.AppendResponse:
    """The answer, within the bound of a message: the largest replies are left to be asked for one by one.

    Only the replies of repeats are larger than what was sent.
    """
    if not any(result.appended.known for result in answer.results):
        return answer
    while (size := answer.ByteSize()) > MAX_MESSAGE:
        largest = max(answer.results, key=lambda result: result.ByteSize())
        facts = {"bytes": size, "limit": MAX_MESSAGE}
        error = DeadlineExceeded("the answer is too large to be given beside others", facts=facts, help="repeat it alone")
        largest.error.CopyFrom(message_of(error))
    return answer


def _broken() -> Internal:
    """What the caller hears of an error that is not its business; the id finds it in the log."""
    id = new_id()
    log.exception("an append broke", id=id)
    return Internal("an append broke", facts={"id": id})
