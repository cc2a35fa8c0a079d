"""`blossm plan STACK`: what a stack would consist of, without the pulumi CLI and without an account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from blossm.cli.place import json_option
from blossm.serve.told import FINDINGS

if TYPE_CHECKING:
    from rich.text import Text

    from blossm.cli.cloud.proposal import Proposal

WIDTH = 100  # characters, where there is no terminal to fit


@click.command()
@click.argument("stack")
@click.option("--full", is_flag=True, help="Every resource and every caller by name.")
@json_option
def plan(stack: str, *, full: bool, as_json: bool) -> int:
    """Show what STACK (dev, staging, sandbox or prod) would consist of in the cloud, what it costs and who may call whom.

    Runs the program of the Pulumi.yaml here or above, with the settings of Pulumi.STACK.yaml. Nothing is created, and
    neither the pulumi CLI nor an account is needed.

    Exit code 0: this is the plan. 1: the network, a setting or a resource is not as it should be. 2: there is no such
    stack here, or Pulumi's SDK is not installed.
    """
    from blossm.cli.cloud.proposal import project_of, propose

    proposal = propose(project_of(stack), stack)
    if as_json:
        from blossm.cli.cloud.summary import summary

        click.echo(json.dumps(summary(proposal), indent=2, ensure_ascii=False))
    else:
        _show(proposal, full=full)
    return FINDINGS if proposal.refused else 0


def _show(proposal: Proposal, *, full: bool) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    for line in _lines(proposal, width=console.width if console.is_terminal else WIDTH, full=full):
        console.print(line, soft_wrap=True)


def _lines(proposal: Proposal, *, width: int, full: bool) -> Iterator[Text]:
    """The whole plan; what is off comes last, where it is seen."""
    from rich.text import Text

    from blossm.cli.cloud.sections import costs, findings, heading, hosts, protected, secrets, warnings
    from blossm.cli.cloud.tree import tree

    yield from heading(proposal)
    yield from tree(proposal.plan, width=width, full=full)
    for section in (hosts, protected, secrets, costs, warnings, findings):
        if lines := list(section(proposal)):
            yield Text()
            yield from lines
