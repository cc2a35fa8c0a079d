"""A view store over a wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, TypeVar

from google.protobuf.message import Message

from blossm.core.errors import BadRequest
from blossm.core.plain_json import is_plain
from blossm.core.view import Batch, Change, Checkpoint, Page, Query, Row
from blossm.core.view_contract import MAX_LIMIT, ViewContract
from blossm.model.network import ViewStoreSpec
from blossm.ports import Generations
from blossm.rpc.calling.line import A, Line
from blossm.rpc.envelope.json_text import json_to_wire, plain_to_wire
from blossm.rpc.types import Types
from blossm.rpc.v1 import view_store_pb2 as pb
from blossm.rpc.v1.envelope_pb2 import Json

SERVICE = "/blossm.rpc.v1.ViewStoreService"

M = TypeVar("M", bound=Message)


class WireViewStore:
    """Implements `ports.ViewStoreClient`. Who calls is known by the line's key."""

    def __init__(self, line: Line, *, spec: ViewStoreSpec, types: Types) -> None:
        self._line = line
        self._spec = spec
        self._view = spec.address
        self._types = types
        self._body = types.row(spec.address)

    async def generations(self) -> Generations:
        found = await self._ask("Generations", pb.GenerationsRequest(view=self._view), pb.GenerationsResponse)
        return Generations(
            current=found.current,
            building=found.building if found.HasField("building") else None,
            previous=found.previous if found.HasField("previous") else None,
        )

    async def begin(self) -> int:
        return (await self._ask("Begin", pb.BeginRequest(view=self._view), pb.BeginResponse, again=False)).generation

    async def switch(self, *, current: int, to: int) -> bool:
        request = pb.SwitchRequest(view=self._view, current=current, to=to)
        return (await self._ask("Switch", request, pb.SwitchResponse, again=False)).switched

    async def abandon(self, generation: int) -> None:
        request = pb.AbandonRequest(view=self._view, generation=generation)
        await self._ask("Abandon", request, pb.AbandonResponse, again=False)

    async def checkpoints(self, generation: int | None = None) -> dict[str, Checkpoint]:
        request = pb.CheckpointsRequest(view=self._view, generation=generation)
        found = await self._ask("Checkpoints", request, pb.CheckpointsResponse)
        return {service: Checkpoint(each.position, each.commit_id) for service, each in found.checkpoints.items()}

    async def definition(self, generation: int | None = None) -> str:
        request = pb.DefinitionRequest(view=self._view, generation=generation)
        return (await self._ask("Definition", request, pb.DefinitionResponse)).definition

    async def apply(self, batch: Batch, *, generation: int | None = None) -> bool:
        """See `ports.ViewStore.apply`. Sent twice it is made once: the second time the checkpoint is elsewhere."""

        def refuse() -> None:
            for event in batch.events:
                for change in event.changes:
                    self._refuse(change, event.service, event.position)

        request = _sent(
            lambda: pb.ApplyRequest(view=self._view, batch=self._batch(batch), generation=generation), otherwise=refuse
        )
        return (await self._ask("Apply", request, pb.ApplyResponse)).applied

    async def get(
        self,
        id: str,
        *,
        context: str | None = None,
        min_position: Mapping[str, int] | None = None,
        generation: int | None = None,
    ) -> Row:
        """See `ports.ViewStoreClient.get`."""
        request = _sent(
            lambda: pb.GetRequest(view=self._view, id=id, context=context, min_position=min_position, generation=generation)
        )
        return self._row((await self._ask("Get", request, pb.GetResponse)).row)

    async def query(self, query: Query, *, generation: int | None = None) -> Page:
        """See `ports.ViewStoreClient.query`."""
        request = _sent(lambda: self._asked(query, generation), otherwise=lambda: self._contract.question(query))
        answer = await self._ask("Query", request, pb.QueryResponse)
        return Page(
            content=tuple([self._row(row) for row in answer.content]),
            next=answer.next,
            count=answer.count if answer.HasField("count") else None,
        )

    def _asked(self, query: Query, generation: int | None) -> pb.QueryRequest:
        return pb.QueryRequest(
            view=self._view,
            where=[
                pb.Comparison(field=each.field, op=each.op, value=Json(**plain_to_wire(each.value))) for each in query.where
            ],
            sort=[pb.Sort(field=field, descending=direction == "desc") for field, direction in query.sort],
            text=query.text,
            # To the wire 0 is none given; here it is as wrong as any other number that is out of range.
            limit=query.limit if 0 < query.limit <= MAX_LIMIT else MAX_LIMIT + 1,
            cursor=query.cursor,
            count=query.count,
            context=query.context,
            min_position=query.min_position,
            generation=generation,
        )

    def _row(self, message: pb.Row) -> Row:
        body = self._types.unpack(self._body, message.body, strict=False, at="body")
        return Row(id=message.id, body=body, context=message.context)

    def _batch(self, batch: Batch) -> dict[str, Any]:
        return {
            "service": batch.service,
            "before": _checkpoint(batch.before),
            "after": _checkpoint(batch.after),
            "events": [
                {
                    "service": event.service,
                    "position": event.position,
                    "context": event.context,
                    "changes": [self._change(change, event.service, event.position) for change in event.changes],
                }
                for event in batch.events
            ],
            "definition": batch.definition,
        }

    def _change(self, change: Change, service: str, position: int) -> dict[str, Any]:
        if not (is_plain(change.fields) and is_plain(change.where)):
            self._refuse(change, service, position)
        message: dict[str, Any] = {"op": change.op, "id": change.id, "context": change.context}
        if change.fields:
            message["fields"] = json_to_wire(change.fields)
        if change.where:
            message["where"] = json_to_wire(change.where)
        return message

    @cached_property
    def _contract(self) -> ViewContract:
        """Tells what is off about what no message can carry, in the words of the view store itself."""
        return ViewContract(self._spec, shared=True)

    def _refuse(self, change: Change, service: str, position: int) -> None:
        """What is no JSON can't be sent: says what the view store would say of it."""
        try:
            self._contract.take(change)
        except BadRequest as error:
            error.facts |= {"service": service, "position": position, "id": change.id}
            raise

    async def _ask(self, method: str, request: Message, answer: type[A], *, again: bool = True) -> A:
        return await self._line.ask(f"{SERVICE}/{method}", request, answer, timeout=None, again=again)


def _sent(make: Callable[[], M], *, otherwise: Callable[[], object] = lambda: None) -> M:
    """The message that `make` makes. Raises BadRequest where no message can carry what is asked; `otherwise` may say more."""
    try:
        return make()
    except (TypeError, ValueError) as error:
        otherwise()
        raise BadRequest(f"the request can't be sent: {error}") from error


def _checkpoint(checkpoint: Checkpoint) -> dict[str, Any]:
    return {"position": checkpoint.position, "commit_id": checkpoint.commit_id}
