"""Fact: delivers some specific information about the state of the app, at once or item by item."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from blossm.core.errors import BadRequest
from blossm.core.payload import Contract
from blossm.core.read_set import NO_READS, ReadSet
from blossm.core.request import FactAnswer, Request
from blossm.handlers.fact import Fact
from blossm.handlers.job import Job
from blossm.handlers.modules import Modules
from blossm.handlers.reading import Reader
from blossm.handlers.run import broken, invoke, items, within
from blossm.model.network import FactSpec, Network
from blossm.ports import Clients, Clock
from blossm.procedures.asked import check_contexts, deadline_of, on_the_way, root_of


class FactProcedure:
    """Implements `ports.FactClient` for one fact."""

    def __init__(self, *, spec: FactSpec, network: Network, modules: Modules, clients: Clients, clock: Clock) -> None:
        self._spec = spec
        self._network = network
        self._clients = clients
        self._clock = clock
        self._main = modules.function(spec.handler)
        self._query = Contract.of(spec.query, at="query")
        self._response = Contract.of_field(spec.response, at="item" if spec.stream else "response")

    async def read(self, request: Request, *, reads: ReadSet = NO_READS) -> FactAnswer:
        """Ask the fact. An asker of the same service is told what was read, all of it at the head that it pinned."""
        if self._spec.stream:
            raise BadRequest(f"the fact {self._spec.address} is streamed", help="ask for its items: stream_fact(…)")
        asked_by_own = reads.service != "" and reads.service == self._spec.service
        deadline = deadline_of(self._spec, request, self._clock)
        fact, reader = self._asked(request, deadline, ReadSet(reads.service, reads.head) if asked_by_own else None)
        response = await within(invoke(self._main, fact), clock=self._clock, deadline=deadline)
        return FactAnswer(response=self._checked(response), reads=reader.reads)

    async def stream(self, request: Request) -> AsyncIterator[Any]:
        """The items, each checked. All of them must come before the deadline."""
        if not self._spec.stream:
            raise BadRequest(f"the fact {self._spec.address} is not streamed", help="ask for its response: fact(…)")
        deadline = deadline_of(self._spec, request, self._clock)
        fact, _ = self._asked(request, deadline, None)
        async with aclosing(items(self._main, fact, clock=self._clock, deadline=deadline)) as made:
            async for item in made:
                yield self._checked(item)

    def _asked(self, request: Request, deadline: float, reads: ReadSet | None) -> tuple[Fact[Any], Reader]:
        """What the user's function gets. Raises BadRequest, PermissionDenied."""
        query = self._query.take(request.payload)
        root = root_of(self._spec, request)
        check_contexts(self._spec, request)
        job = Job(
            spec=self._spec,
            network=self._network,
            clients=self._clients,
            clock=self._clock,
            request=request,
            root=root,
            tx=on_the_way(request.tx, self._spec, self._clock),
            deadline=deadline,
        )
        reader = Reader(job, reads=reads)
        return Fact(job, query, reader), reader

    def _checked(self, response: Any) -> Any:
        """The response, or the item, in its one spelling."""
        try:
            return self._response.take(response)
        except BadRequest as error:
            broken(self._main, str(error), cause=error)
