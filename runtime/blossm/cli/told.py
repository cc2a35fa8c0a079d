"""Errors as people read them: one message, what is off, and a `help:` line. What nobody knows of stays a traceback."""

from __future__ import annotations

import json

import click

from blossm.core.errors import BlossmError, Unavailable
from blossm.handlers.modules import HandlerError
from blossm.model.diagnostics import InvalidNetwork, Problem, render

FINDINGS = 1
ENVIRONMENT = 2
NO_NETWORK = "B001"


def told(error: BaseException) -> int | None:
    """Tell a known error on stderr; answers the exit code, None for an unknown one."""
    match error:
        case InvalidNetwork():
            show(error.problems)
            return ENVIRONMENT if {problem.code for problem in error.problems} == {NO_NETWORK} else FINDINGS
        case HandlerError():
            click.echo(f"error: {error}", err=True)
            return FINDINGS
        case BlossmError():
            _tell(error)
            ours = isinstance(error, Unavailable) or type(error).__module__.startswith("blossm.local")
            return ENVIRONMENT if ours else FINDINGS
        case OSError():  # a disk that is full, a file that may not be read: the machine has said no
            click.echo(f"error: {f'{error.filename}: ' if error.filename else ''}{error.strerror or error}", err=True)
            return ENVIRONMENT
        case BaseExceptionGroup() if len(error.exceptions) == 1:
            return told(error.exceptions[0])
        case _:
            return None


def show(problems: tuple[Problem, ...] | list[Problem], *, err: bool = True) -> None:
    """The problems of a network, a blank line between them."""
    click.echo("\n\n".join(map(render, problems)), err=err)


def _tell(error: BlossmError) -> None:
    named = type(error).__module__ == "blossm.core.errors" and error.message != error.code()
    click.echo(f"error: {f'{error.code()}: ' if named else ''}{error.message}", err=True)
    for field in error.fields:
        click.echo(f"  {field.path}: {field.problem}", err=True)
    for name, fact in error.facts.items():
        click.echo(f"  {name}: {fact if isinstance(fact, str) else json.dumps(fact, default=repr)}", err=True)
    if error.help:
        click.echo(f"help: {error.help}", err=True)
