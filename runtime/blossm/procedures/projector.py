"""One step of a projection: read what comes next in a log, ask the functions, hand the batch to the view store.

The live projection and a replay are made of these steps; they differ only in the generation that they write to.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from blossm.core.commit import LoggedCommit
from blossm.core.errors import BadRequest, Internal, PayloadTooLarge, Unavailable
from blossm.core.event import LoggedEvent
from blossm.core.view import Batch, Checkpoint
from blossm.handlers.modules import Modules
from blossm.handlers.projection import Failure
from blossm.model.network import Network, ProjectionSpec
from blossm.ports import Clients, Clock, ReadPage, ViewStoreClient
from blossm.procedures.asking import Asking, Made

MOST_COMMITS = 1_000
MOST_EVENTS = 5_000


class Stopped(Exception):
    """A projection can't go on by itself. `facts` are of the `failure`, where an event is the reason."""

    def __init__(self, reason: str, *, failure: Failure | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.facts: dict[str, Any] = asdict(failure) if failure else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """What a step did. `after` None: somebody else had moved the checkpoint, and nothing was done."""

    after: Checkpoint | None
    events: int = 0
    asked: int = 0  # the events that a function was asked about
    at_head: bool = False


def next_limit(limit: int, advance: Advance) -> int:
    """How many commits to read next: one when idle, more and more when behind, never very many events at once."""
    if advance.at_head:
        return 1
    if advance.events > MOST_EVENTS:
        return max(1, limit // 2)
    return min(MOST_COMMITS, limit * 4)


class Projector:
    """What the live projection and its replays share. Raises HandlerError when a function is missing."""

    def __init__(self, *, spec: ProjectionSpec, network: Network, modules: Modules, clients: Clients, clock: Clock) -> None:
        stores = [network.event_stores[address] for address in spec.events]
        self.spec = spec
        self.view: ViewStoreClient = clients.view_store(spec.address)
        self.services = tuple(dict.fromkeys(store.service for store in stores))
        self._network = network
        self._logs = {service: clients.event_stores(service) for service in self.services}
        self._domains = {
            service: _unless_all({store.domain for store in stores if store.service == service}, network.stores_of(service))
            for service in self.services
        }
        self._asking = Asking(spec=spec, network=network, modules=modules, clients=clients, logs=self._logs, clock=clock)
        self.definition = self._asking.definition

    async def last(self, service: str) -> int:
        """The position of the last event of a service's log, 0 where there is none."""
        return await self._logs[service].head() - 1

    async def seen(self, generation: int) -> dict[str, Checkpoint]:
        """How far a generation of the view is in each log."""
        found = await self.view.checkpoints(generation)
        return {service: found.get(service, Checkpoint()) for service in self.services}

    async def knows(self, service: str, checkpoint: Checkpoint) -> bool:
        """Whether the log still has what the checkpoint has seen. Raises Unavailable when it is not that far."""
        if checkpoint.position == 0:
            return True
        if await self.last(service) < checkpoint.position:
            raise Unavailable(f"the log of {service} ends before position {checkpoint.position}, which the view has seen")
        return await self._logs[service].commit_at(checkpoint.position) == checkpoint.commit_id

    async def step(self, service: str, before: Checkpoint, *, limit: int, generation: int | None = None) -> Advance:
        """Go on from `before`, by at most `limit` commits.

        Raises Stopped at an event that can't be handled, with everything before its commit applied, and for a log that has
        a hole. What is transient is raised as it is, and nothing is lost by trying again.
        """
        page = await self._page(service, before, limit)
        if page.scanned == before.position:
            return Advance(after=before, at_head=True)
        events = [event for commit in page.commits for event in commit.events(service=service, network=self._network.name)]
        made = await self._asking.made(events)
        if made.failure is None:
            after = await self._end(service, page)
            try:
                applied = await self.view.apply(self._batch(service, before, after, made), generation=generation)
                return Advance(after=after if applied else None, events=len(events), asked=made.asked)
            except BadRequest as error:
                made.failure = self._misfit(error, events)
            except PayloadTooLarge as error:  # for a wire
                if len(page.commits) < 2:
                    raise Stopped(f"the changes of one commit are too large: {error.message}") from error
                return await self.step(service, before, limit=len(page.commits) // 2, generation=generation)
        failure = made.failure
        if whole := [commit for commit in page.commits if commit.end <= failure.position]:
            await self.view.apply(self._batch(service, before, _end_of(whole[-1]), made), generation=generation)
        raise Stopped(str(failure), failure=failure)

    async def _page(self, service: str, before: Checkpoint, limit: int) -> ReadPage:
        """What comes next in the log, without a hole. Raises Stopped."""
        try:
            page = await self._logs[service].read(before.position, limit=limit, domains=self._domains[service])
        except Internal as error:  # an event that nobody can lift; those before it are read one by one
            if limit > 1:
                return await self._page(service, before, 1)
            raise Stopped(error.message) from error
        self._check(service, before, page)
        return page

    def _batch(self, service: str, before: Checkpoint, after: Checkpoint, made: Made) -> Batch:
        """The changes of the events up to `after`."""
        changes = tuple([event for event in made.changes if event.position <= after.position])
        definition = self.definition if made.asked else ""
        return Batch(service=service, before=before, after=after, events=changes, definition=definition)

    def _misfit(self, error: BadRequest, events: Sequence[LoggedEvent]) -> Failure:
        """The event whose change the view store refused, and why."""
        event = next((event for event in events if event.position == error.facts.get("position")), None)
        if event is None:
            raise error  # it was refused for something that no event has done
        off = "; ".join(f"{field.path} {field.problem}" for field in error.fields) or error.message
        id = error.facts.get("id", "")
        return self._asking.failure(event, BadRequest(f"row {id}: {off}" if id else off))

    def _check(self, service: str, before: Checkpoint, page: ReadPage) -> None:
        """The page has no hole that a reader of these domains can see. Raises Stopped."""
        whole = self._domains[service] is None
        following = before.position + 1
        for commit in page.commits:
            if commit.position < following or (whole and commit.position != following):
                raise _hole(service, following, commit.position)
            following = commit.end
        if page.scanned < following - 1 or (whole and page.scanned != following - 1):
            raise _hole(service, following, page.scanned + 1)

    async def _end(self, service: str, page: ReadPage) -> Checkpoint:
        """Where the page ends. What it has passed over, the log is asked for."""
        if page.commits and page.commits[-1].end - 1 == page.scanned:
            return _end_of(page.commits[-1])
        commit_id = await self._logs[service].commit_at(page.scanned)
        if not commit_id:
            raise Stopped(f"the log of {service} has a hole: no commit ends at position {page.scanned}, up to which it was read")
        return Checkpoint(page.scanned, commit_id)


def _end_of(commit: LoggedCommit) -> Checkpoint:
    return Checkpoint(commit.end - 1, commit.commit.id)


def _unless_all(listened: set[str], all: Collection[str]) -> tuple[str, ...] | None:
    """The domains to read: None where they are all that the service has."""
    return None if listened == set(all) else tuple(sorted(listened))


def _hole(service: str, expected: int, found: int) -> Stopped:
    return Stopped(f"the log of {service} has a hole: position {expected} should come next, and {found} does")
