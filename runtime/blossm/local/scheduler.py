"""Makes the calls whose time has come: those of the outbox, and the commands with a `schedule:`, by cron, in UTC.

A call is made at least once and under one key, so its effect is there once. What fails for a passing reason is tried
again with growing pauses; what the command refuses is logged and forgotten. Of the times of a schedule that pass while
the network is down, one is made up for.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec
import structlog

from blossm.core.errors import BadRequest, BlossmError, Conflict, DeadlineExceeded, ResourceExhausted, Unavailable
from blossm.core.event import Tx
from blossm.core.idempotency import new_id, request_key
from blossm.core.request import Request
from blossm.core.time import rfc3339
from blossm.local.timers import Row, Timed, TimerTable
from blossm.model.network import CommandSpec, Network
from blossm.ports import Clients, Clock

PASSING = (Conflict, DeadlineExceeded, ResourceExhausted, Unavailable)
TRIES = 8
LOOK = 0.25  # seconds between two looks at the table, which are cheap: the outbox fills it, the time of day may jump

log = structlog.get_logger("blossm.scheduler")


class Scheduler:
    """Looks after one timer table."""

    def __init__(self, *, network: Network, clients: Clients, table: TimerTable, clock: Clock) -> None:
        self._network = network
        self._clients = clients
        self._table = table
        self._clock = clock
        self._calls: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """For ever."""
        self.schedule()
        try:
            while True:
                self.start_due()
                await self._clock.sleep(LOOK)
        finally:
            await self._stop()

    def schedule(self) -> None:
        """Keep a timer for each command with a `schedule:`, and forget those of schedules that are gone."""
        commands = {_schedule_name(command): command for command in self._network.commands.values() if command.schedule}
        for name in self._table.names("schedule "):
            if name not in commands:
                self._table.done(name)
        now = self._clock.now()
        self._table.add([_scheduled(command.address, command.schedule, after=now) for command in commands.values()])

    def start_due(self) -> list[asyncio.Task[None]]:
        """Begin the calls whose time has come; answers those that are under way."""
        for name, at, what in self._table.due(rfc3339(self._clock.now())):
            if name not in self._calls:
                task = asyncio.create_task(self._call(name, at, msgspec.json.decode(what, type=Timed)))
                self._calls[name] = task
                task.add_done_callback(lambda _, name=name: self._calls.pop(name, None))  # type: ignore[misc]
        return list(self._calls.values())

    async def _call(self, name: str, at: str, timed: Timed) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                await self._clients.command(timed.address).call(self._request(timed))
                break
            except PASSING as error:
                log.warning("a timed call failed", timer=name, command=timed.address, attempt=attempt, error=str(error))
                await self._clock.sleep(min(2.0**attempt, 60.0))
            except BlossmError as error:
                log.error("a timed call was refused", timer=name, command=timed.address, error=str(error))  # noqa: TRY400
                break
        else:
            log.error("a timed call was given up", timer=name, command=timed.address, tries=TRIES)
        self._table.done(name, then=self._next(timed, at))

    def _request(self, timed: Timed) -> Request:
        command = self._network.commands.get(timed.address)
        return Request(
            address=timed.address,
            payload=timed.payload,
            root=timed.root,
            context=timed.context,
            claims=timed.tx.claims,
            key=timed.key,
            tx=timed.tx,
            deadline=self._clock.monotonic() + (command.shape.timeout if command else 60.0),
        )

    def _next(self, timed: Timed, at: str) -> Row | None:
        if not timed.schedule:
            return None
        return _scheduled(timed.address, timed.schedule, after=max(self._clock.now(), datetime.fromisoformat(at)))

    async def _stop(self) -> None:
        for call in self._calls.values():
            call.cancel()
        await asyncio.gather(*self._calls.values(), return_exceptions=True)


def next_time(expression: str, *, after: datetime) -> datetime:
    """The next time of a cron expression, in UTC. Raises BadRequest when it is none."""
    from cronsim import CronSim, CronSimError  # only networks with a schedule need it

    try:
        return next(CronSim(expression, after.astimezone(UTC)))
    except (CronSimError, StopIteration) as error:
        raise BadRequest(f"{expression!r} is no cron expression that ever comes true: {error}") from error


def _schedule_name(command: CommandSpec) -> str:
    return f"schedule {command.address} {command.schedule}"


def _scheduled(address: str, expression: str, *, after: datetime) -> Row:
    at = rfc3339(next_time(expression, after=after))
    key = request_key(address, "schedule", at)
    timed = Timed(address=address, key=key, tx=Tx(new_id()), schedule=expression)
    return f"schedule {address} {expression}", at, msgspec.json.encode(timed)
