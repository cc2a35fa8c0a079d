"""The part `stream` of bench_wire.py: a long log from one process to another, and what both weigh meanwhile."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
import uuid
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path

from measure import tell
from wire_calls import SERVICE, commit, flown
from wire_echo import seldom_collected
from wire_reach import network, reached
from wire_server import opened

from blossm.ports import EventStoreClient

PER_COMMIT = 10
SAMPLES = 20  # of the memory, while a stream is read
PAUSE = 0.05  # seconds that the slow reader takes for a page
SLOW_PAGES = 200


@dataclass(frozen=True, slots=True)
class Sample:
    """What the server and its reader hold in memory (RSS, MB) after so many events."""

    events: int
    server: float
    reader: float


async def measured(events: int) -> None:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="blossm-bench-")))
        directory = network(folder / "network")
        async with opened(directory, "durable") as local:
            await _grown(local.operator.event_stores(SERVICE), events)
            here, _ = await _read(local.operator.event_stores(SERVICE), events, server=0)
        server, clients = await reached(stack, directory, "durable", log=folder / "server.log")
        seldom_collected()
        stores = clients.event_stores(SERVICE)
        rates: list[float] = []
        samples: list[Sample] = []
        for _ in range(3):
            rate, samples = await _read(stores, events, server=server.pid)
            rates.append(rate)
        slow = await _slowly(stores, server=server.pid)
    _tell(events, here, rates, samples, slow)


async def _grown(log: EventStoreClient, events: int) -> None:
    """A log of so many events, in commits of ten."""
    roots = [str(uuid.uuid4()) for _ in range(events // PER_COMMIT)]
    for first in range(0, len(roots), 10_000):
        await flown(lambda root: log.append(commit(root, events=PER_COMMIT)), roots[first : first + 10_000], in_flight=256)


async def _read(log: EventStoreClient, events: int, *, server: int) -> tuple[float, list[Sample]]:
    """Events a second of a whole stream, and what it weighed on the way."""
    read, samples = 0, list[Sample]()
    began = time.perf_counter()
    async with aclosing(log.stream(0)) as pages:
        async for page in pages:
            read += sum(len(logged.commit.events) for logged in page.commits)
            if read * SAMPLES >= events * (len(samples) + 1):
                samples.append(Sample(read, _resident_mb(server), _resident_mb(0)))
    seconds = time.perf_counter() - began
    assert read >= events - PER_COMMIT, read
    return read / seconds, samples


async def _slowly(log: EventStoreClient, *, server: int) -> list[Sample]:
    """What a reader costs that takes its time: the server must not run ahead of it."""
    read, samples = 0, list[Sample]()
    async with aclosing(log.stream(0)) as pages:
        async for page in pages:
            read += sum(len(logged.commit.events) for logged in page.commits)
            samples.append(Sample(read, _resident_mb(server), _resident_mb(0)))
            if len(samples) == SLOW_PAGES:
                break
            await asyncio.sleep(PAUSE)
    return samples


def _resident_mb(pid: int) -> float:
    """The memory of a process; 0: of this one."""
    pages = int(Path(f"/proc/{pid or 'self'}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def _tell(events: int, here: float, rates: list[float], samples: list[Sample], slow: list[Sample]) -> None:
    rate = f"{statistics.median(rates):,.0f} ({min(rates):,.0f}–{max(rates):,.0f})"
    rows = [
        [f"in process, {events:,} events", f"{here:,.0f}", "–", "–"],
        [f"over gRPC, {events:,} events", rate, *_weights(samples)],
        [f"over gRPC, a reader that takes {PAUSE * 1000:.0f} ms a page", "–", *_weights(slow)],
    ]
    columns = ["stream", "events/s", "server MB, first → most → last", "reader MB, first → most → last"]
    data = {
        "events": events,
        "in_process": here,
        "per_second": rates,
        "samples": [(sample.events, sample.server, sample.reader) for sample in samples],
        "slow": [(sample.events, sample.server, sample.reader) for sample in slow[:: SLOW_PAGES // SAMPLES]],
    }
    tell("A stream of a service's log, durable, events of 200 bytes in commits of 10", columns, rows, data)


def _weights(samples: list[Sample]) -> list[str]:
    return [
        " → ".join(f"{value:,.0f}" for value in (held[0], max(held), held[-1]))
        for held in ([sample.server for sample in samples], [sample.reader for sample in samples])
    ]
