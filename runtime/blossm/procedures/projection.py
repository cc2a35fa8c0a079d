"""Projection: listens for events and maps them onto its view store, each once and in order.

A wake-up only means «look». The checkpoint lies with the rows, so whatever is cancelled, crashed or done twice, the next
look goes on from what the view has really seen.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from blossm.core.errors import BlossmError, Internal, Unavailable
from blossm.core.view import Checkpoint
from blossm.handlers.modules import Modules
from blossm.model.network import Network, ProjectionSpec
from blossm.ports import Bus, Clients, Clock
from blossm.procedures.asking import TRANSIENT
from blossm.procedures.projector import Projector, Stopped, next_limit

LOOK = 5.0  # seconds after which it looks without a wake-up
PAUSE = 0.05  # seconds before something transient is tried again; doubled each time
LONGEST_PAUSE = 5.0
LAGGING = 6  # tries before a log that ends before the checkpoint is no lagging replica but another log

log = structlog.get_logger(__name__)


class ProjectionProcedure:
    """One projection, live. Raises HandlerError when a function is missing."""

    def __init__(
        self, *, spec: ProjectionSpec, network: Network, modules: Modules, clients: Clients, bus: Bus, clock: Clock
    ) -> None:
        self._spec = spec
        self._projector = Projector(spec=spec, network=network, modules=modules, clients=clients, clock=clock)
        self._bus = bus
        self._clock = clock
        self._one = asyncio.Lock()  # looks come one after the other
        self._generation = 0
        self._seen: dict[str, Checkpoint] = {}
        self._heads = dict.fromkeys(self._projector.services, 0)
        self._limits = dict.fromkeys(self._projector.services, 1)
        self._made_by = ""
        self._recognised = float("-inf")
        self._stopped: Stopped | None = None
        self._trying: BlossmError | None = None
        self._tries = 0

    async def run(self) -> None:
        """Follow the logs until cancelled. Cancelling it loses nothing."""
        wake = self._bus.subscribe(self._projector.services)
        while True:
            try:
                await self._look()
            except TRANSIENT as error:
                await self._clock.sleep(self._pause(error))
            else:
                await wake.wait(timeout=LOOK)

    async def catch_up(self) -> None:
        """See everything that is in the logs by now.

        Raises Internal where it stands still, with what `status` says of that, and whatever is transient as it is.
        """
        await self._look()
        if self._stopped:
            raise Internal(self._stopped.reason, facts=self._error() or {})

    def status(self) -> dict[str, Any]:
        """Where it is, how far it is behind, and why it stands still if it does."""
        services = {
            service: {"position": self._position(service), "head": head, "lag": max(0, head - self._position(service))}
            for service, head in self._heads.items()
        }
        lag = sum(service["lag"] for service in services.values())
        return {
            "state": "stopped" if self._stopped else "behind" if lag or self._trying or not self._generation else "live",
            "generation": self._generation,
            "lag": lag,
            "services": services,
            "error": self._error(),
            "definition_changed": self._made_by not in ("", self._projector.definition),
        }

    # ------------------------------------------------------------ a look

    async def _look(self) -> None:
        """Go on from where the view is until there is nothing more. Raises what is transient."""
        async with self._one:
            try:
                if await self._still_stands():
                    return
                await self._recognise()
                self._stopped = None
                for service in self._projector.services:
                    await self._follow(service)
                self._trying, self._tries = None, 0
            except Stopped as stopped:
                self._stand(stopped)

    async def _still_stands(self) -> bool:
        """Whether it stopped, and the view is where it was then. Another generation, or a moved checkpoint: it goes on."""
        for service in self._projector.services:
            self._heads[service] = max(self._heads[service], await self._projector.last(service))
        before = (self._generation, self._seen)
        if (await self._projector.view.generations()).current != self._generation or self._stopped:
            await self._load()
        return self._stopped is not None and before == (self._generation, self._seen)

    async def _load(self) -> None:
        """Where the served generation is. All of it is known afterwards, or nothing is new when something fails."""
        view = self._projector.view
        generation = (await view.generations()).current
        seen, made_by = await self._projector.seen(generation), await view.definition(generation)
        self._generation, self._seen, self._made_by = generation, seen, made_by
        self._recognised = float("-inf")

    async def _recognise(self) -> None:
        """Make sure, now and then, that the logs are those that the view has seen. Raises Stopped."""
        if self._clock.monotonic() - self._recognised < LOOK:
            return
        for service, checkpoint in self._seen.items():
            try:
                known = await self._projector.knows(service, checkpoint)
            except Unavailable as error:
                if self._tries < LAGGING:
                    raise
                raise Stopped(error.message) from error
            if not known:
                raise Stopped(
                    f"the log of {service} is not the one that the view has seen up to position {checkpoint.position}:"
                    " it was restored from a backup; replay the projection"
                )
        self._recognised = self._clock.monotonic()

    async def _follow(self, service: str) -> None:
        while True:
            limit = self._limits[service]
            try:
                advance = await self._projector.step(service, self._seen[service], limit=limit)
            except Stopped:
                await self._load()  # what came before the event was applied
                raise
            if advance.after is None:  # a twin was faster, or a replay has switched: go on from where the view is now
                await self._load()
                continue
            self._seen[service] = advance.after
            self._heads[service] = max(self._heads[service], advance.after.position)
            self._limits[service] = next_limit(limit, advance)
            if advance.asked and not self._made_by:
                self._made_by = self._projector.definition
            if advance.at_head:
                return

    # ------------------------------------------------------------ what it tells

    def _stand(self, stopped: Stopped) -> None:
        self._stopped, self._trying, self._tries = stopped, None, 0
        log.error("a projection stands still", projection=self._spec.address, reason=stopped.reason)

    def _pause(self, error: BlossmError) -> float:
        self._trying = error
        self._tries += 1
        if self._tries == 1:
            log.warning("a projection tries again", projection=self._spec.address, reason=error.message)
        return float(min(PAUSE * 2 ** (self._tries - 1), LONGEST_PAUSE))

    def _position(self, service: str) -> int:
        return self._seen.get(service, Checkpoint()).position

    def _error(self) -> dict[str, Any] | None:
        if self._stopped:
            return {"message": self._stopped.reason} | self._stopped.facts
        return self._trying.as_dict() if self._trying else None
