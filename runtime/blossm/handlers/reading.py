"""What handlers read: states, questions, counts and facts, along the model's edges.

All that one attempt reads of its own service it reads at one head, which the first reading pins; what was read is kept
as a read set, so that an append can prove that it is still true.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from blossm.core.commit import EventRef
from blossm.core.errors import BadRequest, Conflict, FieldProblem
from blossm.core.event import Aggregate
from blossm.core.plain_json import is_plain
from blossm.core.read_set import NO_READS, Question, ReadSet
from blossm.core.request import FactAnswer
from blossm.core.root import is_root
from blossm.handlers.edges import readable_fact, readable_store
from blossm.handlers.job import Job
from blossm.model.network import CommandSpec, FactSpec
from blossm.ports import Reading

T = TypeVar("T")


class Reader:
    """The reading half of what a handler gets. `reads` None: nothing is pinned, and no account is kept."""

    def __init__(self, job: Job[CommandSpec | FactSpec], *, reads: ReadSet | None) -> None:
        self._job = job
        self._spec = job.spec
        self._tracked = reads is not None
        self.reads = reads or NO_READS
        self._conflicts: list[Conflict] = []

    async def aggregate(self, root: str | None, domain: str | None) -> Aggregate:
        store = readable_store(self._spec, self._job.network, domain)
        wanted = self._root_of(root)
        events = self._job.clients.event_stores(store.service)
        read = await self._at_head(store.service, lambda head: events.aggregate(store.domain, wanted, head=head))
        if self._is_own(store.service):
            self.reads = self.reads.with_root(store.domain, wanted, read.value.number, head=read.head)
        return read.value

    async def count(self, root: str | None, domain: str | None) -> int:
        store = readable_store(self._spec, self._job.network, domain)
        wanted = self._root_of(root)
        events = self._job.clients.event_stores(store.service)
        read = await self._at_head(store.service, lambda head: events.count(store.domain, wanted, head=head))
        if self._is_own(store.service):
            self.reads = self.reads.with_root(store.domain, wanted, read.value, head=read.head)
        return read.value

    async def query_aggregates(self, where: Mapping[str, Any], domain: str | None) -> list[Aggregate]:
        store = readable_store(self._spec, self._job.network, domain)
        if not isinstance(where, dict) or not is_plain(where):
            problem = FieldProblem("where", "must be an object of indexed fields and their values")
            raise BadRequest("the question is off", fields=[problem])
        asked = dict(where)
        events = self._job.clients.event_stores(store.service)
        read = await self._at_head(store.service, lambda head: events.query_aggregates(store.domain, asked, head=head))
        if self._is_own(store.service):
            question = Question(store.domain, asked, {found.root: found.number for found in read.value})
            self.reads = self.reads.with_question(question, head=read.head)
        return list(read.value)

    async def fact(self, address: str, query: Mapping[str, Any] | None, root: str | None) -> Any:
        fact = readable_fact(self._spec, self._job.network, address)
        client, request = self._job.clients.fact(fact.address), self._job.asking(fact.address, query, root)
        if not self._is_own(fact.service):
            return (await client.read(request)).response

        async def at(head: int) -> Reading[FactAnswer]:
            answer = await client.read(request, reads=ReadSet(fact.service, head))
            return Reading(answer, answer.reads.head)

        try:
            answer = (await self._pinned(at)).value
        except Conflict as conflict:
            if "head" in conflict.facts:  # the runtime's own, see `_at_head`; else the fact's handler raised it
                self._conflicts.append(conflict)
            raise
        self.reads = self.reads.merged(answer.reads)
        return answer.response

    def stream_fact(self, address: str, query: Mapping[str, Any] | None, root: str | None) -> AsyncIterator[Any]:
        fact = readable_fact(self._spec, self._job.network, address)
        return self._job.clients.fact(fact.address).stream(self._job.asking(fact.address, query, root))

    def is_own(self, conflict: Conflict) -> bool:
        """Whether the runtime raised it, not a handler."""
        return any(own is conflict for own in self._conflicts)

    def note(self, conflict: Conflict) -> None:
        """This conflict is the runtime's own."""
        self._conflicts.append(conflict)

    def moved(self, events: Sequence[EventRef]) -> None:
        """The command itself has logged these: it does not conflict with itself, and reads on as of after them.

        What was there when it first read (a repeated request meets what it did before) moves nothing. Before it has
        read anything nothing is pinned, and what others log meanwhile is in nobody's way.
        """
        if self._tracked and self.reads.head and (new := [event for event in events if event.position >= self.reads.head]):
            self.reads = self.reads.moved(new)

    def _is_own(self, service: str) -> bool:
        return self._tracked and service != "" and service == self._spec.service

    async def _at_head(self, service: str, read: Callable[[int], Awaitable[Reading[T]]]) -> Reading[T]:
        """A reading at the pinned head, or at the current one where none is pinned or it is another service's."""
        if not self._is_own(service):
            return await read(0)
        try:
            return await self._pinned(read)
        except Conflict as conflict:  # told with its head it is known as the runtime's own, also across a wire
            conflict.facts.setdefault("head", self.reads.head)
            self._conflicts.append(conflict)
            raise

    async def _pinned(self, read: Callable[[int], Awaitable[Reading[T]]]) -> Reading[T]:
        """A reading of the handler's own service: once more where another one has pinned a head meanwhile."""
        head = self.reads.head
        reading = await read(head)
        return reading if head or self.reads.head in (0, reading.head) else await read(self.reads.head)

    def _root_of(self, root: str | None) -> str:
        wanted = (root or self._job.root).lower()
        if not is_root(wanted):
            problem = "must be a UUID" if wanted else "is required: the request has none"
            raise BadRequest("the root is off", fields=[FieldProblem("root", problem)])
        return wanted
