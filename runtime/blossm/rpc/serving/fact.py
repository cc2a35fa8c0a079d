"""Serves facts, at once and item by item."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from functools import partial
from typing import Any

from blossm.core.errors import Internal
from blossm.core.read_set import NO_READS
from blossm.core.request import Request
from blossm.handlers.run import unheard
from blossm.model.network import Network, Ref
from blossm.ports import Clock, FactClient
from blossm.procedures.callers import Callers
from blossm.rpc.call import Call
from blossm.rpc.envelope.read_set import reads_from_wire, reads_to_wire
from blossm.rpc.serving.asked import missing, request_of
from blossm.rpc.serving.foreign import check_known
from blossm.rpc.types import Types
from blossm.rpc.v1 import fact_pb2 as pb

AHEAD = 100  # items that are made while the last ones are on their way
AHEAD_BYTES = 256 * 1024

Packed = dict[str, Any]  # the arguments of an `Any`


class FactService:
    """Some of a network's facts, by address."""

    def __init__(
        self, facts: Mapping[str, FactClient], *, network: Network, types: Types, callers: Callers, clock: Clock
    ) -> None:
        self._facts = facts
        self._network = network
        self._types = types
        self._callers = callers
        self._clock = clock

    async def read(self, request: pb.FactServiceReadRequest, call: Call) -> pb.FactServiceReadResponse:
        address = request.asked.address
        fact = self._fact(address, call)
        check_known(request)
        reads = reads_from_wire(request.reads, at="reads") if request.HasField("reads") else NO_READS
        answer = await fact.read(self._asked(request.asked, call), reads=reads)
        response = answer.response
        pack = partial(self._types.pack, self._types.answer(address), at="response", otherwise=Internal)
        return pb.FactServiceReadResponse(
            response=None if response is None else pack(response),
            reads=None if answer.reads is NO_READS else reads_to_wire(answer.reads),
        )

    async def stream(
        self, request: pb.FactServiceStreamRequest, call: Call
    ) -> AsyncGenerator[pb.FactServiceStreamResponse, None]:
        """The items as they are made; what is made while the last message is on its way is one message."""
        address = request.asked.address
        fact = self._fact(address, call)
        check_known(request)
        pack = partial(self._types.pack, self._types.answer(address), at="item", otherwise=Internal)
        made = _Made(fact.stream(self._asked(request.asked, call)), pack)
        try:
            while items := await made.since_last():
                yield pb.FactServiceStreamResponse(items=items)
        finally:
            await made.close()

    def _fact(self, address: str, call: Call) -> FactClient:
        callee = Ref("fact", address)
        self._callers.check(call.caller, callee)
        if address not in self._facts:
            raise missing(callee)
        return self._facts[address]

    def _asked(self, asked: pb.Asked, call: Call) -> Request:
        types, address = self._types, asked.address
        query: Any = {}
        if asked.HasField("query"):
            query = types.unpack(types.query(address), asked.query, strict=True, at="query")
        return request_of(asked, query, call, spec=self._network.facts[address], clock=self._clock)


class _Made:
    """Has items made, a bounded number of them ahead of who takes them. Close it."""

    def __init__(self, items: AsyncIterator[Any], pack: Callable[[Any], Packed]) -> None:
        self._items = items
        self._pack = pack
        self._waiting: deque[Packed] = deque()
        self._bytes = 0
        self._moved = asyncio.Event()  # there is an item, or there will be no more
        self._room = asyncio.Event()
        self._making = asyncio.create_task(self._make())
        self._making.add_done_callback(unheard)
        self._making.add_done_callback(lambda _: self._moved.set())

    async def since_last(self) -> list[Packed]:
        """The items that were made since it was last asked, waiting for one; none: these were all. Raises what making did."""
        await self._moved.wait()
        taken: list[Packed] = []
        size = 0
        while self._waiting and size < AHEAD_BYTES:  # a large one that came last goes alone
            if taken and size + len(self._waiting[0]["value"]) > AHEAD_BYTES:
                break
            taken.append(self._waiting.popleft())
            size += len(taken[-1]["value"])
        self._bytes -= size
        self._room.set()
        if not taken:
            await self._making
        if not (self._waiting or self._making.done()):
            self._moved.clear()
        return taken

    async def close(self) -> None:
        """Nobody wants more."""
        self._making.cancel()
        await asyncio.wait([self._making])

    async def _make(self) -> None:
        try:
            async for item in self._items:
                self._waiting.append(self._pack(item))
                self._bytes += len(self._waiting[-1]["value"])
                self._moved.set()
                while len(self._waiting) >= AHEAD or self._bytes >= AHEAD_BYTES:
                    self._room.clear()
                    await self._room.wait()
        finally:
            if isinstance(self._items, AsyncGenerator):
                await self._items.aclose()
