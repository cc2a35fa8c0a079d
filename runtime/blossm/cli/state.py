"""`blossm state`: what a root's events add up to, now or at any moment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from blossm.cli.place import each, json_option, network_option


@click.command()
@click.argument("root")
@click.option("--domain", default="", metavar="NAME", help="Of this domain only: `bicycle`, or `shop.bicycle`.")
@click.option("--at", default="", metavar="NUMBER|TIME", help="After its event of this number, or as of a time.")
@network_option
@json_option
def state(root: str, *, domain: str, at: str, directory: Path | None, as_json: bool) -> None:
    """Show the state of ROOT in every domain that has events of it."""
    show = _as_json if as_json else _for_people
    each(directory, "state", {"root": root, "domain": domain, "at": at}, show)


def _as_json(document: dict[str, Any]) -> None:
    click.echo(json.dumps(document))


def _for_people(document: dict[str, Any]) -> None:
    click.echo(f"{document['domain']}  {document['root']} #{document['number']}  position {document['position']}")
    click.echo(json.dumps(document["state"], indent=2, ensure_ascii=False))
