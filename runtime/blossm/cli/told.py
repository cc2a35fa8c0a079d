"""Errors on stderr: the problems of a network, and every other known error. What nobody knows of stays a traceback."""

from __future__ import annotations

import click

from blossm.model.diagnostics import InvalidNetwork, Problem, render
from blossm.serve.told import ENVIRONMENT, FINDINGS, words

NO_NETWORK = "B001"


def told(error: BaseException) -> int | None:
    """Tell a known error on stderr; answers the exit code, None for an unknown one."""
    match error:
        case InvalidNetwork():
            show(error.problems)
            return ENVIRONMENT if {problem.code for problem in error.problems} == {NO_NETWORK} else FINDINGS
        case BaseExceptionGroup() if len(error.exceptions) == 1:
            return told(error.exceptions[0])
        case _ if known := words(error):
            click.echo(known[0], err=True)
            return known[1]
        case _:
            return None


def show(problems: tuple[Problem, ...] | list[Problem], *, err: bool = True) -> None:
    """The problems of a network, a blank line between them."""
    click.echo("\n\n".join(map(render, problems)), err=err)
