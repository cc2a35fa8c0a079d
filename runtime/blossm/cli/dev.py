"""`blossm dev`: the whole network on this machine, until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from blossm.cli.place import DIRECTORY, network_at
from blossm.cli.servers import log_option

if TYPE_CHECKING:
    from blossm.local.run import Served
    from blossm.model.network import Network
    from blossm.serve.where import Server


@click.command()
@click.argument("directory", type=DIRECTORY, required=False, metavar="[DIR]")
@click.option("--port", type=click.IntRange(0, 65535), default=7400, show_default=True, help="0 takes a free one.")
@click.option("--fresh", is_flag=True, help="Forget what was logged: empty DIR/.blossm first.")
@click.option("--exec", "command", metavar="CMD", help="Run CMD once all is ready, then stop and exit with its code.")
@click.option("--processes", is_flag=True, help="Run each procedure in a process of its own; they talk gRPC.")
@log_option
def dev(
    directory: Path | None, *, port: int, fresh: bool, command: str | None, processes: bool, log: Server | None
) -> int:
    """Run the network that DIR lies in (by default this folder): all procedures in one process, all gateways on one port.
    With --processes each procedure is a process, and the event stores of a service are one.

    Prints `ready URL` on stdout once every procedure answers. What is logged is kept in DIR/.blossm, or with --log on a
    server of MongoDB, which DIR/.blossm then remembers. Ctrl-C and SIGTERM let requests under way finish first.

    With --exec, CMD finds the network's address in BLOSSM_URL, and `blossm` finds the network.
    """
    from blossm.model.search import find_root
    from blossm.serve.logs import log_to_stderr

    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")  # what is started from here does not go on with our channels
    gc.disable()  # hardly anything that a start makes is garbage
    log_to_stderr()
    network = network_at(find_root((directory or Path()).resolve()))
    data = sys.stdout
    with redirect_stdout(sys.stderr):  # what handlers print is talk
        return _runner(_dev(network, data, port=port, fresh=fresh, processes=processes, log=log, command=command))


def _runner(work: Coroutine[Any, Any, int]) -> int:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


async def _dev(
    network: Network, data: TextIO, *, port: int, fresh: bool, processes: bool, log: Server | None, command: str | None
) -> int:
    from blossm.local.run import served
    from blossm.serve.garbage import leave_alone_what_stays

    stopping = Stopping()
    try:
        async with served(network, port=port, fresh=fresh, processes=processes, log=log) as running:
            stopping.drop = running.drop
            leave_alone_what_stays()
            if command is None:
                _introduce(running)
            click.echo(f"ready {running.url}", file=data)
            if command is not None:
                return await _run(command, running, stopping.asked)
            asked = asyncio.ensure_future(stopping.asked.wait())
            await asyncio.wait((asked, running.ended), return_when=asyncio.FIRST_COMPLETED)
            click.echo("stopping: requests under way finish first", err=True)
    except asyncio.CancelledError:
        if not stopping.asked.is_set():
            raise
        click.echo("stopped before it was ready", err=True)
    return 0


class Stopping:
    """What signals ask for: the first one to stop, a second one to drop the requests that are under way."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.drop: Callable[[], None] | None = None  # once the network serves
        self._starting = asyncio.current_task()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._ask)

    def _ask(self) -> None:
        if self.drop is None and self._starting and not self.asked.is_set():
            self._starting.cancel()
        elif self.drop is not None and self.asked.is_set():
            self.drop()
        self.asked.set()


def _introduce(running: Served) -> None:
    from blossm.cli.welcome import kept, welcome, wire

    network = running.network
    for line in welcome(network, running.url, token=f"{_called()} token --network {shlex.quote(network.directory)}"):
        click.echo(line, err=True)
    for line in kept(running):
        click.echo(line, err=True)
    for line in wire(running.processes, key=running.operator_key):
        click.echo(line, err=True)


def _called() -> str:
    """How a shell calls this program, from any folder."""
    script = Path(sys.argv[0]).resolve()
    if script.name != "blossm":
        return f"{shlex.quote(sys.executable)} -m blossm"
    found = shutil.which("blossm")
    return "blossm" if found and Path(found).resolve() == script else shlex.quote(str(script))


async def _run(command: str, running: Served, stop: asyncio.Event) -> int:
    """Run a shell's command beside the network; answers its exit code."""
    environment = {**os.environ, "BLOSSM_URL": running.url, "BLOSSM_NETWORK": running.network.directory}
    process = await asyncio.create_subprocess_shell(command, env=environment)
    ended = asyncio.ensure_future(process.wait())
    stopped = asyncio.ensure_future(stop.wait())
    await asyncio.wait((ended, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not ended.done():
        process.terminate()
    code = await ended
    return code if code >= 0 else 128 - code
