"""The part `calls` of bench_wire.py: every call in turns, in process and over gRPC, with the bare echo in each round."""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from google.protobuf.any_pb2 import Any as AnyMessage
from measure import fsync_ms, started, tell
from wire_calls import DOMAIN, SERVICE, TEXT, Call, Echo, Flight, Ours, flown
from wire_echo import seldom_collected
from wire_reach import HERE, network, reached
from wire_server import opened
from worker import Worker, peers, working

from blossm.core.idempotency import new_id
from blossm.rpc.v1 import envelope_pb2, event_pb2, event_store_pb2

IN_FLIGHT = {1: 400, 16: 1_280, 64: 2_560}  # → calls a run
KEPT = ("durable", "memory")
CALLS = ("append", "aggregate", "command")
TARGETS = {("append", 1): 0.6, ("append", 64): 3.0}  # × bare echo
UMADB = {1: 1, 16: 2, 64: 3}  # × UmaDB, durable appends


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of one kind of call, and the µs of processor time that each took: here, and in its server (0: it has none)."""

    flight: Flight
    here_us: float
    server_us: float


Runs = dict[tuple[str, str, int], list[Measured]]  # (way, call, in flight)


async def measured(rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="blossm-bench-") as name:
        fsync = fsync_ms(Path(name))
        async with AsyncExitStack() as stack:
            runs = await _rounds(rounds, await _ways(stack, Path(name)))
    _tell(runs, rounds, fsync)


@dataclass(frozen=True, slots=True)
class _Way:
    """How calls get to where they are answered: the name, the calls, and the server's process where it has one."""

    name: str
    calls: Ours | Echo | Worker  # a worker: UmaDB's client
    server: int = 0


async def _ways(stack: AsyncExitStack, folder: Path) -> list[_Way]:
    echo = stack.enter_context(started([sys.executable, str(HERE / "wire_echo.py")], log=folder / "echo.log"))
    bare = Echo(echo.port, append_message())
    stack.push_async_callback(bare.close)
    ways = [_Way("echo", bare, echo.pid)]
    for kept in KEPT:
        server, clients = await reached(stack, network(folder / f"grpc-{kept}"), kept, log=folder / f"{kept}.log")
        ways.append(_Way(f"gRPC {kept}", Ours(clients), server.pid))
        local = await stack.enter_async_context(opened(network(folder / f"here-{kept}"), kept))
        ways.append(_Way(f"in process {kept}", Ours(local.operator)))
    if python := peers():
        (place := folder / "umadb").mkdir()
        umadb = stack.enter_context(working("peer_umadb.py", place, python=python))
        ways.append(_Way("UmaDB", umadb, umadb.ask("server")["pid"]))
    seldom_collected()
    return ways


def append_message() -> Any:
    """What an append sends: one event of 200 bytes in its envelope."""
    payload = AnyMessage(type_url=f"type.googleapis.com/{SERVICE}.{DOMAIN}.Noted", value=TEXT.encode())
    event = event_pb2.Event(domain=DOMAIN, root=str(uuid.uuid4()), action="noted", version=1, payload=payload)
    id = new_id()
    created = "2026-01-31T12:00:00.000000Z"
    commit = event_pb2.Commit(id=id, key=id, events=[event], tx=envelope_pb2.Tx(id=id), created=created)
    return event_store_pb2.AppendRequest(service=SERVICE, appends=[event_store_pb2.Appending(commit=commit)])


async def _rounds(rounds: int, ways: list[_Way]) -> Runs:
    runs: Runs = {}
    for number in range(rounds + 1):
        for in_flight, count in IN_FLIGHT.items():
            for way in ways:
                for name, flight in await _flights(way.calls, count, in_flight):
                    result = await _run(way, flight, count)
                    if number:  # the first round warms up
                        runs.setdefault((way.name, name, in_flight), []).append(result)
    return runs


async def _flights(calls: Ours | Echo | Worker, count: int, in_flight: int) -> list[tuple[str, Callable[[], Awaitable[Flight]]]]:
    """What there is to measure of a way, all made ready."""
    each: dict[str, tuple[Call, list[Any]]]
    match calls:
        case Worker():
            return [("append", partial(_asked, calls, count, in_flight))]
        case Echo():
            message = append_message()
            packed = message.SerializeToString()
            each = {"bytes": (calls.bytes, [packed] * count), "message": (calls.message, [message] * count)}
        case Ours():
            each = {
                "append": (calls.append, [str(uuid.uuid4()) for _ in range(count)]),
                "aggregate": (calls.aggregate, await calls.prepared(count)),
                "command": (calls.command, await calls.prepared(count)),
            }
    return [(name, partial(flown, call, arguments, in_flight=in_flight)) for name, (call, arguments) in each.items()]


async def _asked(peer: Worker, count: int, in_flight: int) -> Flight:
    taken = await asyncio.to_thread(peer.ask, "append", commits=count, callers=in_flight)
    return Flight(taken["per_second"], taken["p50_ms"], taken["p99_ms"], taken["cpu_us"])


async def _run(way: _Way, flight: Callable[[], Awaitable[Flight]], count: int) -> Measured:
    here, there = time.process_time(), _processor_seconds(way.server)
    flown = await flight()
    here, there = time.process_time() - here, _processor_seconds(way.server) - there
    return Measured(flown, flown.elsewhere_us or here / count * 1e6, there / count * 1e6)


def _processor_seconds(server: int) -> float:
    """What a process has used, its threads and the kernel's work for it included; 0: there is none."""
    if not server:
        return 0.0
    fields = Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _tell(runs: Runs, rounds: int, fsync: float) -> None:
    rows, data, beside = [], [], list[str]()
    for in_flight in IN_FLIGHT:
        rows += [
            [f"bare echo, {name}", "–", str(in_flight), "–", *_figures(runs["echo", name, in_flight]), "–", "–"]
            for name in ("bytes", "message")
        ]
        if uma := runs.get(("UmaDB", "append", in_flight)):
            ratio = _ratio(uma, runs["echo", "bytes", in_flight])
            rows.append(["UmaDB, append", "durable", str(in_flight), "–", *_figures(uma), f"{ratio:.2f} ×", "–"])
            against = _ratio(runs["gRPC durable", "append", in_flight], uma)
            beside.append(f"{in_flight} in flight {against:.2f} × (target ≥ {UMADB[in_flight]} ×)")
        for call in CALLS:
            for kept in KEPT:
                here, grpc = runs[f"in process {kept}", call, in_flight], runs[f"gRPC {kept}", call, in_flight]
                ratio = _ratio(grpc, runs["echo", "bytes", in_flight])
                target = TARGETS.get((call, in_flight))
                told = f"≥ {target} ×" if target else "–"
                rows.append([call, kept, str(in_flight), _figures(here)[0], *_figures(grpc), f"{ratio:.2f} ×", told])
                data.append({"call": call, "kept": kept, "in_flight": in_flight, "ratio": ratio, "target": target})
    columns = ["", "kept", "in flight", "in process/s", "gRPC/s", "p50 / p99 ms", "client + server µs", "of the echo", "target"]
    facts = {
        "fsync": f"WAL, synchronous=FULL; one fsync of 4 KiB here: {fsync:.3f} ms",
        "runs": rounds,
        "ratios": data,
        "of_umadb": beside,
        "load": os.getloadavg()[0],
        "figures": {" ".join(map(str, key)): [run.flight.figures() for run in found] for key, found in runs.items()},
    }
    tell(f"Calls over gRPC ({facts['fsync']})", columns, rows, facts)
    if beside:
        print("\ndurable appends, of UmaDB's: " + ", ".join(beside))


def _figures(runs: list[Measured]) -> list[str]:
    rates = [run.flight.per_second for run in runs]
    p50, p99 = (statistics.median(getattr(run.flight, name) for run in runs) for name in ("p50_ms", "p99_ms"))
    return [
        f"{statistics.median(rates):,.0f} ({min(rates):,.0f}–{max(rates):,.0f})",
        f"{p50:.2f} / {p99:.2f}",
        f"{statistics.median(run.here_us for run in runs):,.0f} + {statistics.median(run.server_us for run in runs):,.0f}",
    ]


def _ratio(ours: list[Measured], echo: list[Measured]) -> float:
    """The median of the rounds' ratios: a machine that is slow for a while is so for both."""
    return statistics.median(our.flight.per_second / bare.flight.per_second for our, bare in zip(ours, echo, strict=True))
