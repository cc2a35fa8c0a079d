"""Fact gateway: `GET /<fact>[/<root>]?…` answers a fact, at once or as a stream."""

from __future__ import annotations

import orjson
from starlette.responses import Response

from blossm.core.payload import Contract
from blossm.core.query_text import fact_query
from blossm.core.request import Request
from blossm.core.root import meant_root
from blossm.model.network import FactGatewaySpec, Network
from blossm.ports import Clients, Clock, Keys
from blossm.procedures.doors.door import Caller, Door
from blossm.procedures.doors.openapi import fact_document
from blossm.procedures.doors.streams import EVENTS, NDJSON, Streamed, begun, events, lines, timed
from blossm.procedures.doors.visit import Visit


class FactGateway:
    """Permits access to facts."""

    def __init__(self, *, spec: FactGatewaySpec, network: Network, clients: Clients, keys: Keys, clock: Clock) -> None:
        self._clients = clients
        self._clock = clock
        self._facts = {name: network.facts[entry.target.address] for name, entry in spec.entries.items()}
        self._contracts = {name: Contract.of(fact.query, at="query") for name, fact in self._facts.items()}
        self.app = Door(
            spec=spec,
            network=network,
            clients=clients,
            keys=keys,
            clock=clock,
            methods=("GET", "HEAD"),
            timeouts={name: fact.shape.timeout for name, fact in self._facts.items()},
            serve=self._tell,
            document=lambda: fact_document(spec, network),
        )

    async def _tell(self, visit: Visit, caller: Caller) -> Response:
        fact = self._facts[caller.entry.name]
        caller.needs(fact.contexts)
        request = Request(
            address=fact.address,
            payload=fact_query(fact.query, visit.pairs(), self._contracts[caller.entry.name]),
            root=meant_root(fact, visit.rest, caller.context),
            context=caller.context,
            claims=caller.claims,
            tx=caller.tx,
            traceparent=visit.trace,
            deadline=caller.deadline,
        )
        if fact.stream:
            return await self._stream(visit, request)
        answer = await self._clients.fact(fact.address).read(request)
        return Response(orjson.dumps(answer.response), media_type="application/json")

    async def _stream(self, visit: Visit, request: Request) -> Response:
        media_type, chunks = (EVENTS, events) if visit.accepts(EVENTS) else (NDJSON, lines)
        if visit.method == "HEAD":
            return Response(media_type=media_type)
        items = timed(self._clients.fact(request.address).stream(request), clock=self._clock, deadline=request.deadline)
        try:
            made = chunks(await begun(items), told=lambda error: self.app.told(error, visit))
        except BaseException:
            await items.aclose()
            raise
        return Streamed(made, items=items, media_type=media_type)
