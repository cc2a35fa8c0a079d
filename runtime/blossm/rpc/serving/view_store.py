"""Serves view stores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from blossm.core import strict_json
from blossm.core.errors import BadRequest, FieldProblem, Internal
from blossm.core.view import OPERATIONS, Batch, Change, Checkpoint, Comparison, EventChanges, Query, Row
from blossm.model.network import Network, Ref
from blossm.ports import Clock, ViewStoreClient
from blossm.procedures.callers import Callers
from blossm.rpc.call import Call
from blossm.rpc.envelope.json_text import object_from_wire
from blossm.rpc.serving.asked import missing
from blossm.rpc.serving.foreign import check_few, check_known
from blossm.rpc.types import Types
from blossm.rpc.v1 import view_store_pb2 as pb

LIMIT = 50
OPS = ("eq", "gt", "gte", "lt", "lte", "in", "prefix")


class ViewStoreService:
    """Some of a network's view stores, by address."""

    def __init__(
        self, view_stores: Mapping[str, ViewStoreClient], *, network: Network, types: Types, callers: Callers, clock: Clock
    ) -> None:
        self._view_stores = view_stores
        self._types = types
        self._callers = callers

    async def generations(self, request: pb.GenerationsRequest, call: Call) -> pb.GenerationsResponse:
        found = await self._view(request, call).generations()
        return pb.GenerationsResponse(current=found.current, building=found.building, previous=found.previous)

    async def begin(self, request: pb.BeginRequest, call: Call) -> pb.BeginResponse:
        return pb.BeginResponse(generation=await self._view(request, call).begin())

    async def switch(self, request: pb.SwitchRequest, call: Call) -> pb.SwitchResponse:
        view = self._view(request, call)
        return pb.SwitchResponse(switched=await view.switch(current=request.current, to=request.to))

    async def abandon(self, request: pb.AbandonRequest, call: Call) -> pb.AbandonResponse:
        await self._view(request, call).abandon(request.generation)
        return pb.AbandonResponse()

    async def checkpoints(self, request: pb.CheckpointsRequest, call: Call) -> pb.CheckpointsResponse:
        found = await self._view(request, call).checkpoints(_generation(request))
        checkpoints = {
            service: pb.Checkpoint(position=checkpoint.position, commit_id=checkpoint.commit_id)
            for service, checkpoint in found.items()
        }
        return pb.CheckpointsResponse(checkpoints=checkpoints)

    async def definition(self, request: pb.DefinitionRequest, call: Call) -> pb.DefinitionResponse:
        return pb.DefinitionResponse(definition=await self._view(request, call).definition(_generation(request)))

    async def apply(self, request: pb.ApplyRequest, call: Call) -> pb.ApplyResponse:
        view = self._view(request, call)
        applied = await view.apply(_batch(request.batch), generation=_generation(request))
        return pb.ApplyResponse(applied=applied)

    async def get(self, request: pb.GetRequest, call: Call) -> pb.GetResponse:
        row = await self._view(request, call).get(
            request.id,
            context=request.context if request.HasField("context") else None,
            min_position=dict(request.min_position),
            generation=_generation(request),
        )
        return pb.GetResponse(row=self._row(request.view, row))

    async def query(self, request: pb.QueryRequest, call: Call) -> pb.QueryResponse:
        page = await self._view(request, call).query(_query(request), generation=_generation(request))
        rows = [self._row(request.view, row) for row in page.content]
        return pb.QueryResponse(content=rows, next=page.next, count=page.count)

    def _view(self, request: Any, call: Call) -> ViewStoreClient:
        """The view that is asked, if the caller may. Every request names it."""
        callee = Ref("view-store", request.view)
        self._callers.check(call.caller, callee)
        if request.view not in self._view_stores:
            raise missing(callee)
        check_known(request)
        return self._view_stores[request.view]

    def _row(self, view: str, row: Row) -> dict[str, Any]:
        body = self._types.pack(self._types.row(view), row.body, at="body", otherwise=Internal)
        return {"id": row.id, "body": body, "context": row.context}


def _generation(request: Any) -> int | None:
    generation: int = request.generation
    return generation if request.HasField("generation") else None


def _query(request: pb.QueryRequest) -> Query:
    """Raises BadRequest, which names every comparison that is off."""
    check_few(len(request.where), "where")
    check_few(len(request.sort), "sort")
    problems: list[FieldProblem] = []
    where = [_comparison(each, f"where[{index}]", problems) for index, each in enumerate(request.where)]
    if problems:
        raise BadRequest("the query is off", fields=problems)
    return Query(
        where=tuple(where),
        sort=tuple((sort.field, "desc" if sort.descending else "asc") for sort in request.sort),
        text=request.text,
        limit=request.limit or LIMIT,
        cursor=request.cursor,
        count=request.count,
        context=request.context if request.HasField("context") else None,
        min_position=dict(request.min_position),
    )


def _comparison(message: pb.Comparison, at: str, problems: list[FieldProblem]) -> Comparison:
    value = None
    try:
        value = strict_json.parse(message.value.text.encode(), at=f"{at}.value")
    except BadRequest as error:
        problems += error.fields
    op: Any = message.op
    if op not in OPS:
        problems.append(FieldProblem(f"{at}.op", f"{op!r} is not known; there are {', '.join(OPS)}"))
    if op == "in":
        if isinstance(value, list):
            value = tuple(value)
        else:
            problems.append(FieldProblem(f"{at}.value", "must be a list, for `in`"))
    return Comparison(message.field, op, value)


def _batch(message: pb.Batch) -> Batch:
    """Raises BadRequest for changes that are off, all of them."""
    check_few(len(message.events), "events")
    check_few(sum(len(event.changes) for event in message.events), "changes")
    problems: list[FieldProblem] = []
    batch = Batch(
        service=message.service,
        before=Checkpoint(message.before.position, message.before.commit_id),
        after=Checkpoint(message.after.position, message.after.commit_id),
        events=tuple(
            [
                EventChanges(
                    service=event.service,
                    position=event.position,
                    context=event.context,
                    changes=tuple(_changes(event.changes, f"events[{index}].changes", problems)),
                )
                for index, event in enumerate(message.events)
            ]
        ),
        definition=message.definition,
    )
    if problems:
        raise BadRequest("the batch is off", fields=problems)
    return batch


def _changes(messages: Iterable[pb.Change], at: str, problems: list[FieldProblem]) -> list[Change]:
    return [_change(message, f"{at}[{index}]", problems) for index, message in enumerate(messages)]


def _change(message: pb.Change, at: str, problems: list[FieldProblem]) -> Change:
    op: Any = message.op
    if op not in OPERATIONS:
        problems.append(FieldProblem(f"{at}.op", f"{op!r} is not known; there are {', '.join(sorted(OPERATIONS))}"))
    where: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    try:
        where = object_from_wire(message.where, at=f"{at}.where")
        fields = object_from_wire(message.fields, at=f"{at}.fields")
    except BadRequest as error:
        problems += error.fields
    return Change(op=op, id=message.id, where=where, fields=fields, context=message.context)
