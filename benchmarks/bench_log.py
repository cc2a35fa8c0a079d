"""The event log in one process, beside raw SQLite and the library `eventsourcing`, all in one run and in turns.

    python benchmarks/bench_log.py [append] [aggregates] [long] [--runs N] [--scale X] [--peers 0]

`append`: commits of one event at 1, 16 and 64 callers, and of ten events at 16; and the bytes that an event takes.
`aggregates`: roots of 10 and of 1,000 events, in a process that has just started and again; and a replay of all events.
`long`: a log of a million events: how long it takes to open, to read it all, and the memory of who does.

Every contestant is a process of its own. `eventsourcing` is left out where it is not installed (`make peers`), and with
`--peers 0`. A small scale is for those who want to see that it runs.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measure import asked, fsync_ms, median, spread, tell, times
from worker import Taken, Worker, folders, peers, working

PARTS = ("append", "aggregates", "long")
COMMITS = {(1, 1): 500, (16, 1): 4_000, (64, 1): 12_800, (16, 10): 1_600}  # (callers, events) → of ours in a run
TARGETS = {(1, 1): "≥ 0.7 × raw", (16, 1): "≥ 7 × eventsourcing", (64, 1): "≥ 25,000/s where raw does 4,000/s"}
ROOTS = {10: 1_000, 1_000: 20}  # events → roots
AGGREGATES = {10: "≥ 3 ×", 1_000: "≥ 50 ×"}
LONG = 1_000_000
PER_COMMIT = 10

Runs = dict[Any, list[Taken]]


@dataclass(frozen=True, slots=True)
class Contest:
    """Who is measured, and how much of it."""

    ours: Worker
    raw: Worker
    library: Worker | None  # eventsourcing
    runs: int
    scale: float
    facts: dict[str, Any]

    def some(self, count: int) -> int:
        return max(int(count * self.scale), 64)

    def tell(self, title: str, columns: list[str], rows: list[list[str]], runs: Runs, **data: Any) -> None:
        figures = {" ".join(map(str, key)): found for key, found in runs.items()}
        load = f"{os.getloadavg()[0]:.1f} in the last minute, this benchmark's own included"
        tell(title, columns, rows, {**self.facts, **data, "load": load, "figures": figures})
        print(f"\nload of the machine: {load}")


@contextlib.contextmanager
def contest(runs: int, scale: float, python: Path | None) -> Iterator[Contest]:
    with contextlib.ExitStack() as stack:
        places = stack.enter_context(folders())
        fsync = fsync_ms(next(places))
        ours = stack.enter_context(working("log_ours.py", next(places)))
        raw = stack.enter_context(working("peer_sqlite.py", next(places)))
        library = stack.enter_context(working("peer_eventsourcing.py", next(places), python=python)) if python else None
        versions = raw.ask("versions") | (library.ask("versions") if library else {})
        kept = f"WAL, synchronous=FULL; one fsync of 4 KiB here: {fsync:.3f} ms"
        yield Contest(ours, raw, library, runs, scale, {"fsync": kept, "runs": runs, "peers": versions})


# ---------------------------------------------------------------- append


def append(at: Contest) -> None:
    runs: Runs = {}
    for number in range(at.runs + 1):
        for (callers, events), commits in COMMITS.items():
            ours = at.ours.ask("append", commits=at.some(commits), callers=callers, events=events)
            raw = at.raw.ask("append", commits=at.some(500), events=events)
            library = at.library and at.library.ask("append", commits=at.some(1_000), callers=callers, events=events)
            if number:  # the first round warms up
                for name, taken in (("blossm", ours), ("raw", raw), ("eventsourcing", library)):
                    if taken:
                        runs.setdefault((name, callers, events), []).append(taken)
    rows = [_append_row(runs, callers, events) for callers, events in COMMITS]
    columns = ["callers", "events a commit", "blossm/s", "p50 / p99 ms", "raw/s", "eventsourcing/s", "of raw", "of eventsourcing"]
    columns += ["CPU µs: blossm, raw, eventsourcing", "target"]
    sizes = {name: who.ask("size")["bytes"] for name, who in _named(at).items()}
    at.tell(f"Durable commits of events of 200 bytes ({at.facts['fsync']})", columns, rows, runs, bytes=sizes)
    print("bytes on disk an event, in the mix above: " + ", ".join(f"{name} {size:,.0f}" for name, size in sizes.items()))


def _append_row(runs: Runs, callers: int, events: int) -> list[str]:
    ours, raw = runs["blossm", callers, events], runs["raw", callers, events]
    library = runs.get(("eventsourcing", callers, events))
    return [
        f"{callers}",
        f"{events}",
        _rate(ours),
        f"{median(ours, 'p50_ms'):.2f} / {median(ours, 'p99_ms'):.1f}",
        _rate(raw),
        _rate(library),
        f"{times(ours, raw):.2f} ×",
        f"{times(ours, library):.2f} ×" if library else "–",
        ", ".join(f"{median(each, 'cpu_us'):,.0f}" for each in (ours, raw, library) if each),
        TARGETS.get((callers, events), "–"),
    ]


# ---------------------------------------------------------------- aggregates and a replay of them


def aggregates(at: Contest) -> None:
    runs: Runs = {}
    for events, roots in ROOTS.items():
        for who in (at.ours, at.library):
            if who:
                who.ask("prepare", roots=max(int(roots * at.scale), 3), events=events)
    for number in range(at.runs + 1):
        for key, ask in _reads(at).items():
            taken = ask()
            if number:
                runs.setdefault(key, []).append(taken)
    rows = []
    for what, target in ((10, AGGREGATES[10]), (1_000, AGGREGATES[1_000]), ("replay", "≥ 200,000/s; 2.2 ×")):
        library, ours = runs.get(("eventsourcing", what)), runs["blossm", what]
        title = "events of a replay" if what == "replay" else f"aggregates of {what:,} events"
        for name, each in ((title, ours), (f"{title}, again", runs.get(("blossm, again", what)))):
            if each:
                cost = ", ".join(f"{median(every, 'cpu_us'):,.1f}" for every in (each, library) if every)
                ratio = f"{times(each, library):.1f} ×" if library else "–"
                rows.append([name, _rate(each), _rate(library), ratio, cost, target])
    columns = ["", "blossm/s", "eventsourcing/s", "ratio", "CPU µs: blossm, eventsourcing", "target"]
    at.tell("Reads, in process", columns, rows, runs)


def _reads(at: Contest) -> dict[tuple[str, object], Any]:
    asks: dict[tuple[str, object], Any] = {}
    for events in ROOTS:
        asks["blossm", events] = lambda events=events: at.ours.ask("load", events=events)
        asks["blossm, again", events] = lambda events=events: at.ours.ask("load", events=events, again=True)
        if library := at.library:
            asks["eventsourcing", events] = lambda events=events, who=library: who.ask("load", events=events)
    asks["blossm", "replay"] = lambda: at.ours.ask("replay")
    if library := at.library:
        asks["eventsourcing", "replay"] = lambda who=library: who.ask("replay")
    return asks


# ---------------------------------------------------------------- a long log


def long(at: Contest) -> None:
    grown = at.ours.ask("grow", events=int(LONG * at.scale), per_commit=PER_COMMIT)["events"]
    runs: Runs = {}
    for number in range(at.runs + 1):
        for name, cold in (("the file in memory", False), ("the file not in memory", True)):
            opened = at.ours.ask("open", cold=cold)
            if number:
                runs.setdefault((name,), []).append(opened)
    rows = [
        [f"open, {name}", f"{median(found, 'open_ms'):.1f} ms", f"{median(found, 'append_ms'):.1f} ms", "–"]
        for (name,), found in runs.items()
    ]
    followed = [at.ours.ask("follow") for _ in range(min(at.runs, 3))]
    memory = followed[-1]["mb"]
    weights = " → ".join(f"{value:,.0f}" for value in (memory[0], max(memory), memory[-1]))
    rows.append(["read all of it", _rate(followed), "–", weights])
    columns = ["", "until the head is known; events/s", "until the first append is durable", "MB (RSS), first → most → last"]
    at.tell(f"A log of {grown:,} events, {PER_COMMIT} a commit", columns, rows, runs, followed=followed)


# ---------------------------------------------------------------- what they share


def _named(at: Contest) -> dict[str, Worker]:
    return {"blossm": at.ours, "raw": at.raw} | ({"eventsourcing": at.library} if at.library else {})


def _rate(runs: list[Any] | None) -> str:
    return f"{median(runs, 'per_second'):,.0f} ({spread(runs, 'per_second')})" if runs else "–"


def main() -> None:
    found = asked(__doc__, PARTS, runs=5, scale=1.0, peers=1)
    with contest(found.runs, found.scale, peers() if found.peers else None) as at:
        for name, part in (("append", append), ("aggregates", aggregates), ("long", long)):
            if name in found.parts:
                part(at)


if __name__ == "__main__":
    main()
