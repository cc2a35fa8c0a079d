"""`blossm deploy STACK`: check the network, plan the stack, and go on as `pulumi up`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from blossm.cli.failure import Failure
from blossm.serve.told import ENVIRONMENT, FINDINGS

if TYPE_CHECKING:
    from blossm.cli.cloud.proposal import Proposal
    from blossm_infra.project import Project

_YES = {"--yes", "-y", "--skip-preview", "-f"}

arguments_option = click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGUMENT...]")
yes_option = click.option("--yes", is_flag=True, help="Go ahead without being asked.")


@click.command()
@click.argument("stack")
@yes_option
@click.option("--preview", is_flag=True, help="Show what would change, and change nothing.")
@arguments_option
def deploy(stack: str, *, yes: bool, preview: bool, arguments: tuple[str, ...]) -> int:
    """Bring STACK (dev, staging, sandbox or prod) in the cloud up to date with the files here.

    Checks the network as `blossm check` does, says in short what it would be, as `blossm plan` does at length, and then
    becomes `pulumi up --stack STACK`, which shows what changes and asks before it does anything. What stands behind `--`
    goes to pulumi.

    Exit code: pulumi's own. Before it starts, 1: the network, a setting or a resource is not as it should be, and 2: the
    pulumi CLI, its login, the stack or a passphrase is missing.
    """
    from blossm.cli.cloud.engine import check_passphrase, engine_for
    from blossm.cli.cloud.proposal import project_of, propose

    check_somebody_is_there(yes=yes or preview, arguments=arguments)
    project = project_of(stack)
    engine = engine_for(project)
    check_passphrase(project, stack)
    engine.outputs(stack)  # nothing else needs them: but whoever can't read them can't deploy either
    if not _check(project, stack):
        return FINDINGS
    proposal = propose(project, stack)
    _tell(proposal)
    if proposal.refused:
        return FINDINGS
    return engine.become([*_verb(yes=yes, preview=preview), "--stack", stack, *arguments])


def check_somebody_is_there(*, yes: bool, arguments: tuple[str, ...]) -> None:
    """Raises Failure when pulumi would ask and nobody could answer."""
    if not (yes or _YES & {*arguments} or sys.stdin.isatty() or os.environ.get("PULUMI_SKIP_CONFIRMATIONS")):
        message = "pulumi asks before it changes anything, and there is no terminal to ask at"
        raise Failure(message, code=ENVIRONMENT, help="pass --yes")


def _verb(*, yes: bool, preview: bool) -> list[str]:
    if preview:
        return ["preview"]
    return ["up", "--yes"] if yes else ["up"]


def _check(project: Project, stack: str) -> bool:
    """Whether the network could run; what is wrong with it is told."""
    from blossm.cli.cloud.proposal import settings_in
    from blossm.cli.told import show
    from blossm.model.load import check

    if problems := check(project.root / settings_in(project, stack).network):
        show(problems)
    return all(problem.severity != "error" for problem in problems)


def _tell(proposal: Proposal) -> None:
    """The plan in short; stdout is pulumi's."""
    from rich.console import Console

    from blossm.cli.cloud.sections import findings, heading, total, warnings

    console = Console(highlight=False, stderr=True)
    for section in (heading, total, warnings, findings):
        for line in section(proposal):
            console.print(line, soft_wrap=True)
    console.print()
