"""`blossm call`: issue a command, read a fact or query a view."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from blossm.cli.place import each, json_option, network_option


@click.command()
@click.argument("address")
@click.argument("pairs", nargs=-1, metavar="[NAME=VALUE | NAME:=JSON]...")
@click.option("--root", default="", metavar="ROOT", help="The root it is about; of a view, the row.")
@click.option("--token", default="", metavar="TOKEN", help="Call with this token's claims and contexts.")
@network_option
@json_option
def call(
    address: str, pairs: tuple[str, ...], *, root: str, token: str, directory: Path | None, as_json: bool
) -> None:
    """Issue the command, read the fact or query the view at ADDRESS, as the operator: past gateways and their access.

    NAME=VALUE is read as the field's type wants it, and may be repeated for a list; NAME:=JSON is taken as it is. A
    view takes what its gateway takes: fields with conditions, sort, limit, cursor, text, count.
    """
    words, payload = sorted_out(pairs)
    arguments = {"address": address, "words": words, "payload": payload, "root": root, "token": token}
    each(directory, "call", arguments, _as_json if as_json else _for_people)


def sorted_out(pairs: Iterable[str]) -> tuple[dict[str, list[str]], dict[str, Any]]:
    """The words and the JSON values that the pairs give."""
    words: dict[str, list[str]] = {}
    payload: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (equals and name.rstrip(":")):
            raise click.UsageError(f"{pair!r} is neither NAME=VALUE nor NAME:=JSON")
        if not name.endswith(":"):
            words.setdefault(name, []).append(value)
            continue
        try:
            payload[name.removesuffix(":")] = json.loads(value)
        except ValueError as error:
            raise click.UsageError(f"{pair!r}: what follows := is no JSON ({error})") from error
    return words, payload


def _as_json(document: dict[str, Any]) -> None:
    kind = document.pop("kind")
    click.echo(json.dumps(document["item"] if kind == "item" else document))


def _for_people(document: dict[str, Any]) -> None:
    match document["kind"]:
        case "command":
            for event in document["events"]:
                click.echo(f"{event['domain']} {event['action']}  {event['root']} #{event['number']}")
            if not document["events"]:
                click.echo("nothing was logged", err=True)
            if document["response"] is not None:
                click.echo(json.dumps(document["response"], indent=2, ensure_ascii=False))
        case "fact":
            click.echo(json.dumps(document["response"], indent=2, ensure_ascii=False))
        case "item":
            click.echo(json.dumps(document["item"], ensure_ascii=False))
        case "row":
            click.echo(_row(document))
        case _:
            _page(document)


def _page(document: dict[str, Any]) -> None:
    for row in document["content"]:
        click.echo(_row(row))
    if not document["content"]:
        click.echo("no rows", err=True)
    if "count" in document:
        click.echo(f"{document['count']} rows in all", err=True)
    if document["next"]:
        click.echo(f"more with cursor={document['next']}", err=True)


def _row(row: dict[str, Any]) -> str:
    return f"{row['id']}  {json.dumps(row['body'], ensure_ascii=False)}"
