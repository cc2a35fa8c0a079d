"""`blossm log`: looking after the logs of a network. All but `import` may be used while it runs."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import click

from blossm.cli.place import json_option, network_at, network_option, root_of
from blossm.cli.servers import named_by_environment
from blossm.cli.steps import shown

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from blossm.local.logs.checks import Problem, Step
    from blossm.local.logs.importing import Importing
    from blossm.local.logs.network import Logs
    from blossm.model.network import Network

FILE = click.Path(dir_okay=False, path_type=Path)
STD = Path("-")
FINDINGS = 1


@click.group()
def log() -> None:
    """Look after a log: verify it, back it up, export and import it."""


@log.command(short_help="Say everything that is wrong with a log.")
@click.argument("service", required=False)
@network_option
@json_option
def verify(service: str | None, *, directory: Path | None, as_json: bool) -> int:
    """Read the log of SERVICE, or every log, from its first commit on, and say everything that is wrong with it."""
    return asyncio.run(_verify(_network(directory), service, as_json=as_json))


@log.command(short_help="Copy a log's file, while the network goes on.")
@click.argument("service")
@click.argument("file", type=FILE)
@network_option
@json_option
def backup(service: str, file: Path, *, directory: Path | None, as_json: bool) -> int:
    """Copy the log of SERVICE, as it is now, to the new file FILE, and verify it there. The network may go on."""
    if file == STD:
        raise click.UsageError("a backup is a file; `blossm log export` writes to stdout")
    return asyncio.run(_backup(_network(directory), service, file, as_json=as_json))


@log.command(short_help="Write a log as lines of JSON.")
@click.argument("service", required=False)
@click.option("--to", "file", type=FILE, default=STD, metavar="FILE", help="Write to FILE, or go on where it ends.")
@network_option
def export(service: str | None, *, file: Path, directory: Path | None) -> int:
    """Write the log of SERVICE as lines of JSON, a commit a line, to stdout or a file. The network may go on."""
    return asyncio.run(_export(_network(directory), service, file))


@log.command(name="import", short_help="Log what an export says.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@network_option
@json_option
def import_(file: Path, *, directory: Path | None, as_json: bool) -> int:
    """Log what FILE says, which `blossm log export` wrote (-: stdin), while the network is stopped.

    The log must be empty, or the beginning of what FILE says: then it goes on from there.
    """
    return asyncio.run(_import(_network(directory), file, as_json=as_json))


def _network(directory: Path | None) -> Network:
    return network_at(root_of(directory))


async def _verify(network: Network, named: str | None, *, as_json: bool) -> int:
    from blossm.local.logs.network import logs_of

    async with logs_of(network, log=named_by_environment()) as logs:
        wrong = [await _verified(logs, service, as_json=as_json) for service in ([named] if named else logs.services)]
    return FINDINGS if any(wrong) else 0


async def _verified(logs: Logs, service: str, *, as_json: bool) -> int:
    """Verify one log; answers how many problems it has."""
    from blossm.local.logs.checks import Problem
    from blossm.local.logs.verify import verify_log

    problems: list[dict[str, Any]] = []
    events = 0
    with shown(service) as show:
        async with aclosing(verify_log(logs, service)) as found:
            async for one in found:
                if isinstance(one, Problem):
                    problems.append({"position": one.position, "problem": one.problem})
                    if not as_json:
                        show.say(f"{service}: {_place(one)}{one.problem}")
                else:
                    show(one)
                    events = one.total
    if as_json:
        click.echo(json.dumps({"service": service, "events": events, "problems": problems}))
    else:
        click.echo(f"{service}: {_counted(events, 'event')}, {_counted(len(problems), 'problem')}", err=True)
    return len(problems)


async def _backup(network: Network, service: str, file: Path, *, as_json: bool) -> int:
    from blossm.local.logs.backup import back_up
    from blossm.local.logs.network import logs_of

    async with logs_of(network, log=named_by_environment()) as logs:
        own = logs.own_file(service)
        events = await _watch(service, back_up(own, logs.header(service), file))
    if as_json:
        click.echo(json.dumps({"service": service, "file": str(file), "events": events}))
    else:
        click.echo(f"{service}: {_counted(events, 'event')} in {file}", err=True)
    return 0


async def _export(network: Network, named: str | None, file: Path) -> int:
    from blossm.local.logs.export import export, export_to
    from blossm.local.logs.network import logs_of

    async with logs_of(network, log=named_by_environment()) as logs:
        service = named or _only(logs)
        header, store = logs.header(service), await logs.open(service)
        to_stdout = file == STD
        steps = export(store, header, sys.stdout.buffer) if to_stdout else export_to(store, header, file)
        events = await _watch(service, steps)
    click.echo(f"{service}: {_counted(events, 'event')} {'written' if to_stdout else f'in {file}'}", err=True)
    return 0


async def _import(network: Network, file: Path, *, as_json: bool) -> int:
    from blossm.local.logs.importing import import_file
    from blossm.local.logs.network import logs_held

    with click.open_file(str(file), "rb") as lines:
        size = 0 if file == STD else os.fstat(lines.fileno()).st_size
        async with logs_held(network, log=named_by_environment()) as logs:
            service, importing = await import_file(logs, cast("BinaryIO", lines), named=str(file), size=size)
            return await _imported(service, importing, as_json=as_json)


async def _imported(service: str, importing: Importing, *, as_json: bool) -> int:
    from blossm.local.logs.checks import Problem
    from blossm.local.logs.importing import Imported

    problems: list[dict[str, Any]] = []
    done = Imported(0, 0)
    with shown(service) as show:
        async with aclosing(importing):
            async for one in importing:
                if isinstance(one, Problem):
                    problems.append({"line": one.line, "position": one.position, "problem": one.problem})
                    if not as_json:
                        show.say(f"line {one.line}: {_place(one)}{one.problem}")
                elif isinstance(one, Imported):
                    done = one
                else:
                    show(one)
    if as_json:
        click.echo(json.dumps({"service": service, "before": done.before, "after": done.after, "problems": problems}))
    else:
        click.echo(f"{service}: {_counted(done.after, 'event')}, {done.before} of them were there before", err=True)
    return FINDINGS if problems else 0


async def _watch(service: str, steps: AsyncGenerator[Step, None]) -> int:
    """Show the steps; answers how many events there were."""
    events = 0
    with shown(service) as show:
        async with aclosing(steps):
            async for step in steps:
                show(step)
                events = step.total if step.unit == "events" else events
    return events


def _only(logs: Logs) -> str:
    if len(logs.services) != 1:
        raise click.UsageError(f"name a service: {', '.join(logs.services)}")
    return logs.services[0]


def _place(problem: Problem) -> str:
    return f"position {problem.position}: " if problem.position else ""


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
