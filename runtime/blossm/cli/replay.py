"""`blossm replay`: make a view anew from the first event on, beside the one that is served."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from blossm.cli.place import each, json_option, network_option

if TYPE_CHECKING:
    from collections.abc import Callable

    Show = Callable[[dict[str, Any]], None]


@click.command()
@click.argument("projection")
@click.option("--dry-run", is_flag=True, help="See whether it would work, and what would differ; switch nothing.")
@click.option("--abort", is_flag=True, help="Drop what an unfinished replay has made; one that runs ends.")
@click.option("--rollback", is_flag=True, help="Serve the rows before the last replay again.")
@network_option
@json_option
def replay(
    projection: str, *, dry_run: bool, abort: bool, rollback: bool, directory: Path | None, as_json: bool
) -> None:
    """Make the view of PROJECTION anew, as its functions are now. The view serves all the while, and is switched at the end."""
    if dry_run + abort + rollback > 1:
        raise click.UsageError("--dry-run, --abort and --rollback are three ways: name one")
    if abort or rollback:
        operation = "abort" if abort else "rollback"
        return each(directory, operation, {"projection": projection}, _as_json if as_json else _for_people)
    showing = nullcontext(_as_json) if as_json else _bar(projection) if sys.stderr.isatty() else _lines()
    with showing as show:
        return each(directory, "replay", {"projection": projection, "dry_run": dry_run}, show)


def _as_json(document: dict[str, Any]) -> None:
    click.echo(json.dumps(document))


def _for_people(document: dict[str, Any]) -> None:
    match document:
        case {"generation": generation}:
            words = f"generation {generation} serves again"
        case {"aborted": True}:
            words = "what the unfinished replay has made is dropped"
        case _:
            words = "no replay is unfinished"
    click.echo(f"{document['projection']}: {words}", err=True)


@contextmanager
def _lines() -> Iterator[Show]:
    """A line for each phase, and one a second while it goes on."""
    told = [("", 0.0)]

    def show(step: dict[str, Any]) -> None:
        phase, at = told[0]
        if step["phase"] != phase or time.monotonic() - at >= 1.0:
            told[0] = (step["phase"], time.monotonic())
            click.echo(said(step), err=True)

    yield show


@contextmanager
def _bar(projection: str) -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    words = (TextColumn("{task.description}"), TextColumn("{task.fields[phase]}"))
    columns = (*words, BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(projection, total=None, phase="", rate="")
        last: dict[str, Any] = {}

        def show(step: dict[str, Any]) -> None:
            last.update(step)
            rate = f"{step['rate']:,.0f} events/s" if step["rate"] else ""
            bar.update(task, completed=step["position"], total=step["head"] or None, phase=step["phase"], rate=rate)

        yield show
    if last:
        click.echo(said(last), err=True)


def said(step: dict[str, Any]) -> str:
    """Where a replay is, in words."""
    phase = "waiting for the first matching event" if step["phase"] == "waiting" else step["phase"]
    if verified := step["verified"]:
        differ = f", {len(verified['differ'])} of {verified['sample']} looked at differ" if verified["sample"] else ""
        return f"{step['projection']}: {phase}: {verified['rows']} rows, {verified['rows_before']} before{differ}"
    percent = f" {100 * step['position'] // step['head']} %" if step["head"] else ""
    return f"{step['projection']}: {phase}{percent}, position {step['position']} of {step['head']}"
