"""The log is the outbox: what commits want to be called later is read from it and kept as timers.

A timer is named by service, position and ordinal, and calls under a key made of its commit and ordinal. So a call is
neither lost with a crash, nor done twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

import msgspec

from blossm.core.commit import LoggedCommit
from blossm.core.idempotency import derived_key
from blossm.local.timers import Row, Timed, TimerTable
from blossm.model.network import Network
from blossm.ports import Bus, EventStoreClient

SAFETY = 5.0  # seconds without a wake-up after which the logs are looked at anyway
BATCH = 0.05  # seconds in which commits gather before they are read


def services_that_call(network: Network) -> list[str]:
    """The services with a command that may call others and log; the logs of the rest hold nothing for later."""
    return sorted({command.service for command in network.commands.values() if command.calls and command.logs})


class Outbox:
    """Reads the logs of some services on, and keeps what their commits want to be called later."""

    def __init__(self, *, logs: Mapping[str, EventStoreClient], table: TimerTable, bus: Bus) -> None:
        self._logs = logs
        self._table = table
        self._wake = bus.subscribe(list(logs))

    async def run(self) -> None:
        """For ever. The scheduler finds the timers in the table."""
        while True:
            await self.catch_up()
            await self._wake.wait(timeout=SAFETY)
            await asyncio.sleep(BATCH)  # of the machine's time, not of the network's clock: only to read many commits at once

    async def catch_up(self) -> None:
        """Read every log on to its head."""
        for service, log in self._logs.items():
            await self._read_on(service, log)

    async def _read_on(self, service: str, log: EventStoreClient) -> None:
        while True:
            passed = self._table.passed(service)
            page = await log.read(passed, limit=500)
            if page.scanned <= passed:
                return
            timers = [timer for commit in page.commits for timer in timers_of(service, commit)]
            self._table.add(timers, service=service, passed=page.scanned)


def timers_of(service: str, logged: LoggedCommit) -> Iterator[Row]:
    """The timers that a commit asks for."""
    commit = logged.commit
    for ordinal, later in enumerate(commit.later):
        timed = Timed(
            address=later.address,
            key=derived_key(commit.key, "later", ordinal),
            tx=commit.tx,
            payload=later.payload,
            root=later.root,
            context=commit.context,
        )
        yield f"later {service} {logged.position} {ordinal}", later.at, msgspec.json.encode(timed)
