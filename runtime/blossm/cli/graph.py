"""`blossm graph`: who calls whom, and which events reach which views."""

from __future__ import annotations

from pathlib import Path

import click

from blossm.cli.place import network_at, network_option, root_of


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "mermaid", "dot", "json"]),
    default="text",
    show_default=True,
    help="How it is written.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@network_option
def graph(*, form: str, as_json: bool, directory: Path | None) -> None:
    """Draw the calls that the model allows: gateways to procedures, commands to events, events to projections and views."""
    from blossm.cli.drawing import FORMS, arrows

    network = network_at(root_of(directory))
    click.echo(FORMS["json" if as_json else form](arrows(network)))
