"""One replay: prepare a generation → run from position 1 → catch up → verify → switch.

The served rows are not touched before the switch, which is one compare-and-swap, and their projection goes on meanwhile.
A replay that ends early leaves its generation, and the next one of the same definition goes on with it. Each step moves
the generation's checkpoint by compare-and-swap too, so a second replay beside the first notices at its first step.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from blossm.core.errors import Conflict, Internal, NotFound, PreconditionFailed
from blossm.core.view import Query
from blossm.handlers.modules import Modules
from blossm.model.network import Network, ProjectionSpec
from blossm.ports import Clients, Clock, ViewStoreClient
from blossm.procedures.projector import MOST_COMMITS, Projector, Stopped, next_limit
from blossm.replay.progress import Progress, Tally, Verified

SAMPLE = 100


async def replay(
    *,
    spec: ProjectionSpec,
    network: Network,
    modules: Modules,
    clients: Clients,
    clock: Clock,
    progress: Callable[[Progress], object],
    dry_run: bool = False,
) -> Progress:
    """Replay a projection, tell `progress` of every step, and answer the last one. See `replaying`."""
    last = Progress(projection=spec.address, phase="preparing")
    steps = replaying(spec=spec, network=network, modules=modules, clients=clients, clock=clock, dry_run=dry_run)
    async for last in steps:
        progress(last)
    return last


async def replaying(
    *, spec: ProjectionSpec, network: Network, modules: Modules, clients: Clients, clock: Clock, dry_run: bool = False
) -> AsyncIterator[Progress]:
    """Replay a projection step by step.

    Raises Internal for an event that can't be handled (its facts name event, handler and line), Conflict when another
    replay of the same projection is at work, or this one was aborted. What is transient is raised too: run it again, and
    it goes on where it was.
    """
    projector = Projector(spec=spec, network=network, modules=modules, clients=clients, clock=clock)
    tally = Tally(spec.address, clock)
    yield tally.at("preparing")
    served = (await projector.view.generations()).current
    await _prepare(projector, tally)
    async for step in _catch_up(projector, tally):
        yield step
    verified = await _verify(projector.view, served, tally.generation)
    yield tally.at("verifying", verified=verified)
    if dry_run:
        await projector.view.abandon(tally.generation)
        yield tally.at("checked", verified=verified)
        return
    if not await projector.view.switch(current=served, to=tally.generation):
        raise Conflict(f"{spec.address} was switched meanwhile", help="replay it again")
    await _hand_over(projector, tally)
    yield tally.at("switched", verified=verified)


async def abort(*, spec: ProjectionSpec, clients: Clients) -> bool:
    """Drop what an unfinished replay has made; False when there is none. One that is running ends at its next step."""
    view = clients.view_store(spec.address)
    building = (await view.generations()).building
    if building is not None:
        await view.abandon(building)
    return building is not None


async def rollback(*, spec: ProjectionSpec, clients: Clients) -> int:
    """Serve the generation before the last switch again; its projection goes on from where it was. Answers its number."""
    view = clients.view_store(spec.address)
    generations = await view.generations()
    if generations.previous is None:
        raise PreconditionFailed(f"{spec.address} has no former generation to go back to")
    if not await view.switch(current=generations.current, to=generations.previous):
        raise Conflict(f"{spec.address} was switched meanwhile")
    return generations.previous


async def _prepare(projector: Projector, tally: Tally) -> None:
    """Go on with a generation that the same definition has begun, else begin one."""
    view = projector.view
    generation = await view.begin()
    made_by = await view.definition(generation)
    if made_by not in ("", projector.definition):
        await view.abandon(generation)
        generation, made_by = await view.begin(), ""
    seen = await projector.seen(generation)
    for service, checkpoint in seen.items():
        if not await projector.knows(service, checkpoint):
            await view.abandon(generation)
            raise Conflict(f"the log of {service} was restored since this replay began", help="replay it again")
        tally.heads[service] = await projector.last(service)
    tally.resume(generation, seen, met=bool(made_by))


async def _catch_up(projector: Projector, tally: Tally) -> AsyncIterator[Progress]:
    """Step through all logs, in turns, until nothing is left in any."""
    limits = dict.fromkeys(projector.services, MOST_COMMITS)
    behind = set(projector.services)
    while behind:
        for service in sorted(behind):
            try:
                advance = await projector.step(service, tally.seen[service], limit=limits[service], generation=tally.generation)
            except Stopped as stopped:
                raise Internal(stopped.reason, facts=stopped.facts, help="the served view was not touched") from None
            if advance.after is None:
                raise Conflict(
                    f"another replay of {projector.spec.address} is at work, or this one was aborted",
                    help="only one replay of a projection runs at a time",
                )
            tally.advanced(service, advance)
            limits[service] = next_limit(limits[service], advance)
            if advance.at_head:
                behind.discard(service)
            yield tally.running()


async def _hand_over(projector: Projector, tally: Tally) -> None:
    """See what came between catching up and the switch; the live projection goes on from there, or is there already."""
    for service in projector.services:
        advance = None
        while advance is None or not advance.at_head:
            try:
                advance = await projector.step(service, tally.seen[service], limit=MOST_COMMITS, generation=tally.generation)
            except Stopped:
                return  # the live projection meets it too, and says so
            if advance.after is None:
                return
            tally.advanced(service, advance)


async def _verify(view: ViewStoreClient, served: int, generation: int) -> Verified:
    """Count both, and look for some of the served rows among the new ones."""
    before = await view.query(Query(limit=SAMPLE, count=True), generation=served)
    after = await view.query(Query(limit=1, count=True), generation=generation)
    differ = []
    for row in before.content:
        try:
            same = await view.get(row.id, generation=generation) == row
        except NotFound:
            same = False
        if not same:
            differ.append(row.id)
    return Verified(rows=after.count or 0, rows_before=before.count or 0, sample=len(before.content), differ=tuple(differ))
