"""What a command says when it can't go on."""

from __future__ import annotations

from typing import IO, Any

import click


class Failure(click.ClickException):
    """One message, the next step, and the exit code that goes with it."""

    def __init__(self, message: str, *, code: int, help: str = "") -> None:
        super().__init__(message)
        self.help = help
        self.__dict__["exit_code"] = code  # click declares it for the class

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"error: {self.message}" + (f"\nhelp: {self.help}" if self.help else ""), file=file, err=True)
