"""`Fact`: what the function of a fact gets. It reads; it has no way to log or to call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, Generic

import msgspec

from blossm.core.event import Aggregate, Tx
from blossm.core.spelling import copied

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from blossm.handlers.job import Job
    from blossm.handlers.reading import Reader
    from blossm.model.network import FactSpec

    Query = TypeVar("Query", default=dict[str, Any])
else:
    from typing import TypeVar

    Query = TypeVar("Query")


class Fact(Generic[Query]):
    """A question to a fact, and what it may read. The attributes are those of `Command`."""

    root: str
    query: Query
    context: dict[str, str]
    claims: dict[str, Any]
    env: dict[str, str]
    id: str
    tx: Tx
    network: str
    service: str
    domain: str

    def __init__(self, job: Job[FactSpec], query: Query, reader: Reader) -> None:
        request, tx = job.request, job.tx
        self.root = job.root
        self.query = query
        self.context = dict(request.context)
        self.claims = copied(request.claims)
        self.env = dict(job.spec.env)
        self.id = tx.path[-1].id
        self.tx = msgspec.structs.replace(tx, claims=copied(tx.claims))
        self.network = job.network.host
        self.service = job.spec.service
        self.domain = job.spec.domain
        self._reader = reader

    async def aggregate(self, root: str | None = None, *, domain: str | None = None) -> Aggregate:
        """The state of a root, its own by default; see `Command.aggregate`."""
        return await self._reader.aggregate(root, domain)

    async def query_aggregates(self, where: Mapping[str, Any], *, domain: str | None = None) -> list[Aggregate]:
        """The roots whose current state has these values in indexed fields, ordered by root."""
        return await self._reader.query_aggregates(where, domain)

    async def count(self, root: str | None = None, *, domain: str | None = None) -> int:
        """How many events a root has."""
        return await self._reader.count(root, domain)

    async def fact(self, address: str, query: Mapping[str, Any] | None = None, *, root: str | None = None) -> Any:
        """What another fact answers. A short name is the domain's, else the network's."""
        return await self._reader.fact(address, query, root)

    def stream_fact(
        self, address: str, query: Mapping[str, Any] | None = None, *, root: str | None = None
    ) -> AsyncIterator[Any]:
        """The items of a streamed fact."""
        return self._reader.stream_fact(address, query, root)
