"""`blossm replay`: make a view anew from the first event on, beside the one that is served."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from blossm.cli.place import each, json_option, network_option

if TYPE_CHECKING:
    from collections.abc import Callable

    Show = Callable[[dict[str, Any]], None]


@click.command()
@click.argument("projection")
@network_option
@json_option
def replay(projection: str, *, directory: Path | None, as_json: bool) -> None:
    """Make the view of PROJECTION anew, as its functions are now. The view serves all the while, and is switched at the end."""
    with _as_json() if as_json else _bar(projection) if sys.stderr.isatty() else _lines() as show:
        each(directory, "replay", {"projection": projection}, show)


@contextmanager
def _as_json() -> Iterator[Show]:
    yield lambda document: click.echo(json.dumps(document))


@contextmanager
def _lines() -> Iterator[Show]:
    yield lambda document: click.echo(said(document), err=True)


@contextmanager
def _bar(projection: str) -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    words = (TextColumn("{task.description}"), TextColumn("{task.fields[said]}"))
    with Progress(*words, BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task(projection, total=None, said="")

        def show(document: dict[str, Any]) -> None:
            progress.update(task, completed=document.get("done", 0), total=document.get("total"), said=said(document))

        yield show


def said(document: dict[str, Any]) -> str:
    """Where a replay is, in words."""
    return ", ".join(f"{name} {value}" for name, value in document.items())
