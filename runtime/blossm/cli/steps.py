"""How far a long command is: a bar on a terminal, elsewhere a line now and then, on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import click

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from blossm.local.logs.checks import Step

PAUSE = 1.0  # seconds between two lines


class Show(Protocol):
    def __call__(self, step: Step) -> None: ...

    def say(self, line: str) -> None:
        """A line of data on stdout."""


@contextmanager
def shown(name: str) -> Iterator[Show]:
    """Shows the steps of what is done with `name`."""
    if not sys.stderr.isatty():
        yield _Lines(name)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[unit]}"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        yield _Bar(name, bar, bar.add_task(name, total=None, unit=""))


class _Lines:
    def __init__(self, name: str) -> None:
        self._name = name
        self._last = time.monotonic()

    def __call__(self, step: Step) -> None:
        if time.monotonic() - self._last >= PAUSE:
            self._last = time.monotonic()
            of = f": {step.done} of {step.total} {step.unit}" if step.total else ""
            click.echo(f"{self._name}: {step.doing}{of}", err=True)

    def say(self, line: str) -> None:
        click.echo(line)


class _Bar:
    def __init__(self, name: str, bar: Progress, task: TaskID) -> None:
        self._name = name
        self._bar = bar
        self._task = task

    def __call__(self, step: Step) -> None:
        description = f"{self._name}: {step.doing}"
        self._bar.update(self._task, description=description, completed=step.done, total=step.total or None, unit=step.unit)

    def say(self, line: str) -> None:
        if sys.stdout.isatty():
            self._bar.console.print(line, markup=False, highlight=False)
        else:
            click.echo(line)
