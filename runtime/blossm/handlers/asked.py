"""What `Command` and `Fact` share: what was asked, by whom, and what may be read to answer it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from blossm.core.event import Aggregate, Tx
from blossm.core.spelling import copied

if TYPE_CHECKING:
    from blossm.handlers.job import Job
    from blossm.handlers.reading import Reader
    from blossm.model.network import CommandSpec, FactSpec


class Asked:
    """A request, and what the function that answers it may read.

    `root` is empty when there is none. `context` are the roots of the token's contexts, `claims` the token's, empty
    when there was none. `tx` is the user's request, with the procedures on its way here; `id` is this one's on it.
    """

    root: str
    context: dict[str, str]
    claims: dict[str, Any]
    env: dict[str, str]
    id: str
    tx: Tx
    network: str
    service: str
    domain: str

    def __init__(self, job: Job[CommandSpec | FactSpec], reader: Reader) -> None:
        """What a handler may change are copies: no other attempt, call or log sees what became of them."""
        request, tx = job.request, job.tx
        self.root = job.root
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
        """The state of a root, its own by default. `domain` may be of another service: `staff.mechanic`.

        A root without events has number 0 and an empty state.
        """
        return await self._reader.aggregate(root, domain)

    async def query_aggregates(self, where: Mapping[str, Any], *, domain: str | None = None) -> list[Aggregate]:
        """The roots whose current state has these values in indexed fields, ordered by root."""
        return await self._reader.query_aggregates(where, domain)

    async def count(self, root: str | None = None, *, domain: str | None = None) -> int:
        """How many events a root has."""
        return await self._reader.count(root, domain)

    async def fact(self, address: str, query: Mapping[str, Any] | None = None, *, root: str | None = None) -> Any:
        """What a fact answers. A short name is the domain's, else the network's."""
        return await self._reader.fact(address, query, root)

    def stream_fact(
        self, address: str, query: Mapping[str, Any] | None = None, *, root: str | None = None
    ) -> AsyncIterator[Any]:
        """The items of a streamed fact. They are read as of now, and are no part of what a command depends on."""
        return self._reader.stream_fact(address, query, root)
