"""`blossm status`: every procedure, how long the logs are, how far the projections are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from blossm.cli.place import each, json_option, network_option


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
    yield f"{document['network']} ({document['environment']}): {counted}"
    for log in document["logs"]:
        yield f"log         {log['service']}: {_events(log['events'])}"
    for projection in document["projections"]:
        yield f"projection  {projection['projection']}: {_projection(projection)}"
    if document["timers"]:
        yield f"timers      {document['timers']} calls wait for their time"


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count} events"


def _projection(status: dict[str, Any]) -> str:
    lag = f", {_events(status['lag'])} behind" if status["lag"] else ""
    seen = ", ".join(f"{name} {service['position']}" for name, service in status["services"].items())
    changed = "\n            its definition changed: `blossm replay` is recommended" if status["definition_changed"] else ""
    error = f"\n            {json.dumps(status['error'], ensure_ascii=False)}" if status["error"] else ""
    return f"{status['state']} at {seen}{lag}{changed}{error}"
