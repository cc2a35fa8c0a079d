"""`blossm token`: a token that a network in development believes, made with its local key."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from blossm.cli.place import json_option, network_at, network_option, root_of


@click.command()
@click.option("--sub", default="developer", show_default=True, metavar="NAME", help="Who the token is for.")
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="A role of the network; may be repeated.")
@click.option("--context", "contexts", multiple=True, metavar="NAME=ROOT", help="A context; may be repeated.")
@click.option("--issuer", default="", metavar="NAME", help="An issuer of the network; by default its first.")
@click.option("--ttl", default=3600, show_default=True, metavar="SECONDS", help="May be negative: an expired token.")
@network_option
@json_option
def token(
    *,
    sub: str,
    roles: tuple[str, ...],
    contexts: tuple[str, ...],
    issuer: str,
    ttl: int,
    directory: Path | None,
    as_json: bool,
) -> None:
    """Make a token for a network on this machine. No other environment believes it."""
    from blossm.local.state import development_key_at
    from blossm.local.token import TokenWish, development_token

    root = root_of(directory)
    wish = TokenWish(sub=sub, roles=list(roles), context=dict(_pairs(contexts)), issuer=issuer, ttl=ttl)
    made: dict[str, Any] = {"token": development_token(network_at(root), wish, key=development_key_at(root))}
    click.echo(json.dumps(made) if as_json else made["token"])


def _pairs(contexts: Iterable[str]) -> Iterable[tuple[str, str]]:
    for context in contexts:
        name, equals, root = context.partition("=")
        if not (name and equals):
            raise click.UsageError(f"--context {context!r} is not NAME=ROOT")
        yield name, root
