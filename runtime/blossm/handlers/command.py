"""`Command`: what the function of a command gets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic

import msgspec

from blossm.core.event import Aggregate, Event, Tx
from blossm.core.request import Answer
from blossm.core.spelling import copied

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from blossm.core.commit import EventRef
    from blossm.handlers.acting import Actor
    from blossm.handlers.job import Job
    from blossm.handlers.reading import Reader
    from blossm.model.network import CommandSpec

    Payload = TypeVar("Payload", default=dict[str, Any])
else:
    from typing import TypeVar

    Payload = TypeVar("Payload")


class Command(Generic[Payload]):
    """A request to a command, and what it may read and do.

    `root` is empty when there is none. `context` are the roots of the token's contexts, `claims` the token's, empty
    when there was none. `tx` is the user's request, with the procedures on its way here; `id` is this one's on it.
    """

    root: str
    payload: Payload
    context: dict[str, str]
    claims: dict[str, Any]
    options: dict[str, Any]
    env: dict[str, str]
    id: str
    tx: Tx
    network: str
    service: str
    domain: str

    def __init__(self, job: Job[CommandSpec], payload: Payload, reader: Reader, actor: Actor) -> None:
        """What a handler may change are copies: no other attempt, call or log sees what became of them."""
        request, tx = job.request, job.tx
        self.root = job.root
        self.payload = payload
        self.context = dict(request.context)
        self.claims = copied(request.claims)
        self.options = copied(request.options)
        self.env = dict(job.spec.env)
        self.id = tx.path[-1].id
        self.tx = msgspec.structs.replace(tx, claims=copied(tx.claims))
        self.network = job.network.host
        self.service = job.spec.service
        self.domain = job.spec.domain
        self._reader = reader
        self._actor = actor

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
        """The items of a streamed fact. They are read as of now, and are no part of what this command depends on."""
        return self._reader.stream_fact(address, query, root)

    async def call(
        self,
        address: str,
        payload: Mapping[str, Any] | None = None,
        *,
        root: str | None = None,
        later: datetime | timedelta | str | float | None = None,
    ) -> Answer:
        """Call another command: now, or at a time (RFC 3339) or in some seconds.

        What is called later is kept with the next commit, and then called exactly once in effect; its answer says
        nothing. Raises what the command raises, and DeadlineExceeded when this one's deadline has passed.
        """
        return await self._actor.call(address, payload, root=root, later=later)

    async def log(self, events: Sequence[Event]) -> tuple[EventRef, ...]:
        """Log events now, in a commit of their own, if all that was read is still true.

        Raises Conflict when it is not, and DeadlineExceeded when the deadline has passed.
        """
        return await self._actor.log(events)

    def new_root(self) -> str:
        """The id of a thing that begins to be; the same again when the request is repeated."""
        return self._actor.new_root()
