"""`blossm destroy STACK`: say what would be lost, and go on as `pulumi destroy`."""

from __future__ import annotations

from collections.abc import Iterable

import click

from blossm.cli.deploy import arguments_option, check_somebody_is_there, yes_option
from blossm.cli.failure import Failure
from blossm.serve.told import FINDINGS


@click.command()
@click.argument("stack")
@yes_option
@arguments_option
def destroy(stack: str, *, yes: bool, arguments: tuple[str, ...]) -> int:
    """Delete all that STACK (dev, staging or sandbox) consists of in the cloud, with everything that was logged there.

    Names the event stores that would be lost, and then becomes `pulumi destroy --stack STACK`, which asks before it does
    anything. A stack that keeps its event stores is refused before pulumi is called. What stands behind `--` goes to pulumi.

    Exit code: pulumi's own. Before it starts, 1: the stack keeps its event stores, or a setting is not as it should be, and
    2: the pulumi CLI, its login, the stack or a passphrase is missing.
    """
    from blossm.cli.cloud.engine import check_passphrase, engine_for
    from blossm.cli.cloud.proposal import project_of, settings_in
    from blossm_infra.keeping import keeps

    check_somebody_is_there(yes=yes, arguments=arguments)
    project = project_of(stack)
    settings = settings_in(project, stack)
    if keeps(settings):
        raise Failure(_kept(stack, production=settings.environment == "production"), code=FINDINGS, help=_steps(stack))
    engine = engine_for(project)
    check_passphrase(project, stack)
    click.echo(_lost(stack, engine.outputs(stack).get("event_stores", {})), err=True)
    return engine.become(["destroy", *(["--yes"] if yes else []), "--stack", stack, *arguments])


def _kept(stack: str, *, production: bool) -> str:
    why = "production always does" if production else f"`blossm:protect` in Pulumi.{stack}.yaml, or its shape, says so"
    return f"stack `{stack}` keeps its event stores: {why}"


def _steps(stack: str) -> str:
    return f"docs/infra/safety.md has the steps by which an event store of `{stack}` is given up on purpose"


def _lost(stack: str, event_stores: Iterable[str]) -> str:
    if not (names := sorted(event_stores)):
        return f"Stack `{stack}` has no event stores: no events would be lost.\n"
    stores = "this event store" if len(names) == 1 else f"these {len(names)} event stores"
    listed = "".join(f"  {name}\n" for name in names)
    return f"This deletes stack `{stack}`, with everything that was logged in {stores}, for ever:\n{listed}"
