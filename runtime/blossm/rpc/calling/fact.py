"""A fact over a wire."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from blossm.core.read_set import NO_READS, ReadSet
from blossm.core.request import FactAnswer, Request
from blossm.model.network import FactSpec, Network
from blossm.ports import Clock
from blossm.rpc.calling.asked import asked_to_wire, left_of, sent
from blossm.rpc.calling.line import Line
from blossm.rpc.envelope.read_set import reads_from_wire, reads_to_wire
from blossm.rpc.types import Types
from blossm.rpc.v1 import event_pb2
from blossm.rpc.v1 import fact_pb2 as pb

SERVICE = "/blossm.rpc.v1.FactService"


class WireFact:
    """Implements `ports.FactClient`. Who calls is known by the line's key."""

    def __init__(self, line: Line, *, spec: FactSpec, network: Network, types: Types, clock: Clock) -> None:
        self._line = line
        self._spec = spec
        self._types = types
        self._clock = clock
        self._query = types.query(spec.address)
        self._item = types.answer(spec.address)

    async def read(self, request: Request, *, reads: ReadSet = NO_READS) -> FactAnswer:
        """See `ports.FactClient.read`."""
        left = left_of(request, self._clock)
        message = pb.FactServiceReadRequest(asked=self._asked(request, left))
        if reads is not NO_READS:
            message.reads.MergeFrom(event_pb2.ReadSet(**reads_to_wire(reads)))
        answer = await self._line.ask(f"{SERVICE}/Read", message, pb.FactServiceReadResponse, timeout=left, again=True)
        response = None
        if answer.HasField("response"):
            response = self._types.unpack(self._item, answer.response, strict=False, at="response")
        return FactAnswer(response=response, reads=reads_from_wire(answer.reads) if answer.HasField("reads") else NO_READS)

    async def stream(self, request: Request) -> AsyncGenerator[Any, None]:
        """See `ports.FactClient.stream`. Some items are made ahead of who takes them, a bounded number."""
        left = left_of(request, self._clock)
        message = pb.FactServiceStreamRequest(asked=self._asked(request, left))
        answers = self._line.stream(f"{SERVICE}/Stream", message, pb.FactServiceStreamResponse, timeout=left)
        async with aclosing(answers) as made:
            async for answer in made:
                for item in answer.items:
                    yield self._types.unpack(self._item, item, strict=False, at="item")

    def _asked(self, request: Request, left: float) -> pb.Asked:
        def make() -> pb.Asked:
            query = self._types.pack(self._query, request.payload, at="query")
            return pb.Asked(query=query, **asked_to_wire(request, left=left))

        return sent(make, request, self._spec.query, at="query")
