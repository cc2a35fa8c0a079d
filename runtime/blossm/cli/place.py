"""Which network a command is about, and how it reaches it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from contextlib import aclosing, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from blossm.model.network import Network

F = TypeVar("F", bound=Callable[..., Any])

DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)

network_option = click.option(
    "--network",
    "-n",
    "directory",
    type=DIRECTORY,
    envvar="BLOSSM_NETWORK",
    metavar="DIR",
    help="A folder of the network; by default this one.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="JSON on stdout: one document, or one per line.")


def root_of(directory: Path | None) -> Path:
    """The root of the network that a folder lies in. Raises InvalidNetwork where there is none."""
    start = (directory or Path()).resolve()
    for folder in (start, *start.parents):
        if (folder / ".blossm" / "running.json").exists():
            return folder  # a network runs there: no need to read a blossm.yaml
    from blossm.model.search import find_root

    return find_root(start)


def network_at(root: Path) -> Network:
    """The network of a root. Raises InvalidNetwork with everything that is wrong."""
    from blossm.model.load import load

    return load(root)


def each(
    directory: Path | None, operation: str, arguments: Mapping[str, Any], show: Callable[[dict[str, Any]], None]
) -> None:
    """Show every document of an operation as it comes."""
    from blossm.serve.logs import log_to_stderr

    log_to_stderr()
    asyncio.run(_each(root_of(directory), operation, arguments, show))


async def _each(
    root: Path, operation: str, arguments: Mapping[str, Any], show: Callable[[dict[str, Any]], None]
) -> None:
    from blossm.cli.servers import named_by_environment
    from blossm.local.reach import operations

    data = sys.stdout
    with redirect_stdout(sys.stderr):  # what handlers print is talk
        async with (
            operations(root, lambda: network_at(root), log=named_by_environment()) as reached,
            aclosing(reached.run(operation, arguments)) as documents,
        ):
            async for document in documents:
                with redirect_stdout(data):
                    show(document)
