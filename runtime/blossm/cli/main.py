"""`blossm`, the command line. Nothing but click is imported until a command is named."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

# Each command is the function of its name in the module of its name.
COMMANDS = {
    "dev": "Run a whole network on this machine.",
    "check": "Say everything that is wrong with a network.",
    "proto": "Write the network's contract as .proto files.",
    "call": "Issue a command, read a fact or query a view.",
    "events": "Show what was logged.",
    "state": "Show what a root's events add up to.",
    "status": "Show every procedure, the logs, and how far the projections are.",
    "token": "Make a development token.",
    "replay": "Make a view anew from the first event on.",
    "log": "Look after a log: verify it, back it up, export and import it.",
    "indexes": "Show or make the collections and indexes on MongoDB.",
    "graph": "Draw who calls whom.",
    "plan": "Show what the network becomes in the cloud.",
    "deploy": "Bring a stack in the cloud up to date.",
    "destroy": "Delete all that a stack consists of.",
}


class Commands(click.Group):
    """Knows the commands by name, and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"blossm.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click's signature
    if asked and not ctx.resilient_parsing:
        from importlib import metadata

        click.echo(f"blossm {metadata.version('blossm')}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
def blossm() -> None:
    """Event-sourced networks of small procedures, written as plain functions and YAML."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command. Every known error is one message and an exit code: 1 for findings, 2 for usage and environment."""
    sys.exit(_without_streams() or run(arguments))


def _without_streams() -> int:
    """A caller that closed stdin or stderr has nothing to say there, or to hear; what goes to a closed stdout would be lost."""
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: PTH123, SIM115 - Python's own, until the end
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: PTH123, SIM115
    if sys.stdout:
        return 0
    click.echo("error: stdout is closed, and there is nowhere else to write to\nhelp: a file will do, or /dev/null", err=True)
    return 2


def run(arguments: Sequence[str] | None = None) -> int:
    """The exit code of a command."""
    try:
        code = blossm.main(args=arguments, prog_name="blossm", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return 130
    except Exception as error:
        from blossm.cli.told import told

        if (known := told(error)) is None:
            raise
        return known
    return code if isinstance(code, int) else 0
