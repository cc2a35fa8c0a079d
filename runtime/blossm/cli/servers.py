"""A server of MongoDB, as options and the environment name it. A password comes by the environment only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from blossm.serve.where import Server

F = TypeVar("F", bound=Callable[..., Any])

LOG = "BLOSSM_LOG"
STORE = "BLOSSM_STORE"


def _server(ctx: click.Context, parameter: click.Parameter, address: str | None) -> Server | None:
    if not address:
        return None
    from blossm.serve.where import Server

    server, named = Server(address), parameter.name or ""
    if server.holds_credentials and ctx.get_parameter_source(named) == ParameterSource.COMMANDLINE:
        raise click.BadParameter(
            f"everybody on this machine can read a command line, so no user or password may stand in it: "
            f"put the whole address into {parameter.envvar}",
            ctx=ctx,
            param=parameter,
        )
    return server


log_option = click.option(
    "--log",
    envvar=LOG,
    metavar="URI",
    callback=_server,
    help="Keep logs, states and views on this MongoDB: mongodb://HOST:PORT.",
)
store_option = click.option(
    "--store", envvar=STORE, metavar="URI", callback=_server, help="The MongoDB to look at: mongodb://HOST:PORT."
)


def named_by_environment() -> Server | None:
    """The server that has the logs, for commands without the option."""
    import os

    from blossm.serve.where import Server

    address = os.environ.get(LOG)
    return Server(address) if address else None
