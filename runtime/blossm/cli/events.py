"""`blossm events`: what was logged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from blossm.cli.place import each, json_option, network_option

LAST = 50


@click.command()
@click.option("--service", default="", metavar="NAME", help="Only the events of this service.")
@click.option("--follow", "-f", is_flag=True, help="Go on with the events to come, until Ctrl-C.")
@network_option
@json_option
def events(*, service: str, follow: bool, directory: Path | None, as_json: bool) -> None:
    """Show the last 50 events of all services, by time; with --json all events with everything that is known of them."""
    arguments: dict[str, Any] = {"service": service, "follow": follow}
    if as_json:
        each(directory, "events", arguments, lambda event: click.echo(json.dumps(event)))
    else:
        each(directory, "events", arguments | {"last": LAST}, _for_people)


def _for_people(event: dict[str, Any]) -> None:
    when = event["committed"][:19].replace("T", " ")
    payload = json.dumps(event["payload"], ensure_ascii=False)
    click.echo(
        f"{when}  {event['position']:>5}  {event['service']}.{event['domain']} {event['action']}"
        f"  {event['root']} #{event['number']}  {payload}"
    )
