"""`blossm status`: every procedure, how long the logs are, how far the projections are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

import click

from blossm.cli.place import each, json_option, network_option

COLUMNS = ("process", "state", "listens", "pid", "requests", "errors", "restarts")
NUMBERS = ("pid", "requests", "errors", "restarts")
WIDTH = 100  # characters
SHORTEST = 24


@click.command()
@network_option
@json_option
def status(*, directory: Path | None, as_json: bool) -> None:
    """Show every procedure, how long the logs are, and how far the projections are."""
    each(directory, "status", {}, _as_json if as_json else _for_people)


def _as_json(document: dict[str, Any]) -> None:
    click.echo(json.dumps(document))


def _for_people(document: dict[str, Any]) -> None:
    for line in lines(document):
        click.echo(line)


def lines(document: dict[str, Any]) -> Iterator[str]:
    """The status as people read it."""
    kinds = Counter(procedure["kind"] for procedure in document["procedures"])
    counted = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    summary = f"{document['network']} ({document['environment']}): {counted}"
    yield from wrap(summary, WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    for log in document["logs"]:
        yield f"log         {log['service']}: {'does not answer' if log['events'] is None else _events(log['events'])}"
    for projection in document["projections"]:
        yield f"projection  {projection['projection']}: {_projection(projection)}"
    if document["kept"].startswith("mongodb"):
        yield f"kept        on {document['kept']}"
    if document["timers"]:
        yield f"timers      {document['timers']} calls wait for their time"
    yield from _processes(document["procedures"])


def _processes(procedures: list[dict[str, Any]]) -> Iterator[str]:
    """A line for each process, below each other; one line where there is but one, none where the network does not run."""
    processes = {procedure["process"]: procedure for procedure in procedures if "process" in procedure}
    if processes:
        states = Counter(process["state"] for process in processes.values())
        counted = "1 process" if len(processes) == 1 else f"{len(processes)} processes"
        yield f"{counted}: {', '.join(f'{count} {state}' for state, count in states.items())}"
        yield from table(COLUMNS, [[_cell(process[name]) for name in COLUMNS] for process in processes.values()])
    elif pids := {procedure["pid"] for procedure in procedures if "pid" in procedure}:
        yield f"process     {pids.pop()} has all procedures; with `dev --processes` each has its own, and answers gRPC"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns below each other, at most `WIDTH` wide: the first one gives way. What is a number stands to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    widths[0] = min(widths[0], max(WIDTH - sum(widths[1:]) - 2 * (len(widths) - 1), SHORTEST))
    for row in (head, *rows):
        cells = [_shortened(row[0], widths[0]).ljust(widths[0])]
        for name, cell, width in zip(head[1:], row[1:], widths[1:], strict=True):
            cells.append(cell.rjust(width) if name in NUMBERS else cell.ljust(width))
        yield "  ".join(cells).rstrip()


def _shortened(text: str, width: int) -> str:
    """A text without its middle, if it is too long: its begin says the kind, its end is the procedure's own name."""
    left = (width - 1) // 3
    return text if len(text) <= width else f"{text[:left]}…{text[len(text) - (width - left - 1) :]}"


def _cell(value: Any) -> str:
    return "-" if value is None else str(value)


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count} events"


def _projection(status: dict[str, Any]) -> str:
    lag = f", {_events(status['lag'])} behind" if status["lag"] else ""
    seen = ", ".join(f"{name} {service['position']}" for name, service in status["services"].items())
    changed = "\n            its definition changed: `blossm replay` is recommended" if status["definition_changed"] else ""
    error = f"\n            {json.dumps(status['error'], ensure_ascii=False)}" if status["error"] else ""
    return f"{status['state']}{f' at {seen}' if seen else ''}{lag}{changed}{error}"
