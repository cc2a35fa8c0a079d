"""`blossm plan STACK`: what a stack would consist of, without the pulumi CLI and without an account."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from blossm.cli.place import json_option

if TYPE_CHECKING:
    from rich.tree import Tree

    from blossm_infra.preview import Branch, Plan, Registered

_OURS = "blossm:infra:"
_SERVICE = "gcp:cloudrunv2/service:Service"
_SUBSCRIPTION = "gcp:pubsub/subscription:Subscription"


@click.command()
@click.argument("stack")
@json_option
def plan(stack: str, *, as_json: bool) -> None:
    """Show what STACK (dev, staging, sandbox or prod) would consist of in the cloud, and who may call whom.

    Runs the program of the Pulumi.yaml here or above, with the settings of Pulumi.STACK.yaml. Nothing is created, and
    neither the pulumi CLI nor an account is needed.

    Exit code 0: this is the plan. 1: the network, a setting or a resource is not as it should be. 2: there is no such
    stack here, or Pulumi's SDK is not installed.
    """
    found = _preview(stack)
    if as_json:
        click.echo(json.dumps(summary(found, stack), indent=2, ensure_ascii=False))
    else:
        _show(found, stack)


def _preview(stack: str) -> Plan:
    if any(find_spec(package) is None for package in ("pulumi", "pulumi_gcp")):
        _fail("`blossm plan` needs Pulumi's SDK: pip install 'blossm[infra]'", code=2)
    from blossm_infra.preview import PreviewError, RunError, preview_project
    from blossm_infra.project import NoProject, find_project, read_project

    try:
        return preview_project(read_project(find_project(Path.cwd()), stack=stack), stack=stack)
    except NoProject as error:
        _fail(str(error), code=2)
    except (RunError, PreviewError, TimeoutError) as error:
        _fail(str(error), code=1)


def _fail(message: str, *, code: int) -> NoReturn:
    click.echo(f"error: {message}", err=True)
    raise click.exceptions.Exit(code)


def summary(plan: Plan, stack: str) -> dict[str, Any]:
    """The plan as data: outputs, counts, callers and the tree of everything registered."""
    from blossm_infra.preview import plain

    outputs = plain(plan.outputs)
    return {
        "stack": stack,
        "hosts": outputs.get("hosts", {}),
        "procedures": outputs.get("counts", {}),
        "callers": {procedure.name: procedure.outputs["callers"] for procedure in plan.of(f"{_OURS}Procedure")},
        "resources": {kind: count for kind, count in plan.counts().items() if not kind.startswith((_OURS, "pulumi:"))},
        "tree": _as_data(plan.tree()),
    }


def _as_data(branch: Branch) -> dict[str, Any]:
    resource = branch.resource
    return {"type": resource.type, "name": resource.name, "children": [_as_data(child) for child in branch.children]}


def _show(plan: Plan, stack: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.tree import Tree

    told, console = summary(plan, stack), Console(highlight=False)
    tree = Tree(f"[bold]{stack}[/bold]", guide_style="dim")
    for child in plan.tree().children:
        _grow(tree, child)
    console.print(tree)
    for title, rows in (("Gateways", told["hosts"]), ("Procedures", told["procedures"]), ("Resources", told["resources"])):
        table = Table(title=title, title_justify="left", title_style="bold", box=None, show_header=False, padding=(0, 2, 0, 2))
        for name, value in rows.items():
            table.add_row(name, str(value))
        console.print()
        console.print(table)


def _grow(tree: Tree, branch: Branch) -> None:
    """A line for each component; what a procedure is made of stays in the counts."""
    resource = branch.resource
    match resource.type.removeprefix(_OURS):
        case "Procedure":
            node = tree.add(f"{resource.name}  [dim]{_runs_on(branch)}[/dim]")
            if callers := resource.outputs["callers"]:
                node.add(f"[dim]called by[/dim] {', '.join(callers)}")
        case "WakeUps":
            listeners = [child.resource.name for child in branch.children if child.resource.type == _SUBSCRIPTION]
            node = tree.add(f"{resource.name}  [dim]topic[/dim]")
            for listener in listeners:
                node.add(listener)
        case kind:
            node = tree.add(resource.name if kind != resource.type else f"{resource.name}  [dim]{kind}[/dim]")
            for child in branch.children:
                _grow(node, child)


def _runs_on(branch: Branch) -> str:
    service: Registered = next(child.resource for child in branch.children if child.resource.type == _SERVICE)
    template = service.inputs["template"]
    scaling, (container,) = template["scaling"], template["containers"]
    limits = container["resources"]["limits"]
    return f"{scaling['minInstanceCount']}–{scaling['maxInstanceCount']} × {limits['cpu']} CPU, {limits['memory']}"
