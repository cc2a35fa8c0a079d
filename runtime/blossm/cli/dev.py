"""`blossm dev`: the whole network on this machine, until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Coroutine
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from blossm.cli.place import DIRECTORY, network_at

if TYPE_CHECKING:
    from blossm.local.run import Served
    from blossm.model.network import Network


@click.command()
@click.argument("directory", type=DIRECTORY, required=False, metavar="[DIR]")
@click.option("--port", type=click.IntRange(0, 65535), default=7400, show_default=True, help="0 takes a free one.")
@click.option("--fresh", is_flag=True, help="Forget what was logged: empty DIR/.blossm first.")
@click.option("--exec", "command", metavar="CMD", help="Run CMD once all is ready, then stop and exit with its code.")
@click.option("--processes", is_flag=True, hidden=True)
def dev(directory: Path | None, *, port: int, fresh: bool, command: str | None, processes: bool) -> int:
    """Run the network that DIR lies in (by default this folder): all procedures in one process, all gateways on one port.

    Prints `ready URL` on stdout once every procedure answers. What is logged is kept in DIR/.blossm. Ctrl-C and SIGTERM
    let requests under way finish first.

    With --exec, CMD finds the network's address in BLOSSM_URL, and `blossm` finds the network.
    """
    from blossm.model.search import find_root
    from blossm.serve.logs import log_to_stderr

    if processes:
        raise click.UsageError("--processes comes with the wire: one process per procedure, over gRPC")
    gc.disable()  # hardly anything that a start makes is garbage
    log_to_stderr()
    network = network_at(find_root((directory or Path()).resolve()))
    data = sys.stdout
    with redirect_stdout(sys.stderr):  # what handlers print is talk
        return _runner(_dev(network, data, port=port, fresh=fresh, command=command))


def _runner(work: Coroutine[Any, Any, int]) -> int:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


async def _dev(network: Network, data: TextIO, *, port: int, fresh: bool, command: str | None) -> int:
    from blossm.local.run import served
    from blossm.serve.garbage import leave_alone_what_stays

    stop = asyncio.Event()
    serving: list[Served] = []
    _on_signals(stop, serving)
    async with served(network, port=port, fresh=fresh) as running:
        serving.append(running)
        leave_alone_what_stays()
        if command is None:
            _introduce(running)
        click.echo(f"ready {running.url}", file=data)
        if command is not None:
            return await _run(command, running, stop)
        await asyncio.wait((asyncio.ensure_future(stop.wait()), running.ended), return_when=asyncio.FIRST_COMPLETED)
        click.echo("stopping: requests under way finish first", err=True)
    return 0


def _on_signals(stop: asyncio.Event, serving: list[Served]) -> None:
    """The first signal asks to stop, a second one drops the requests that are under way."""

    def asked() -> None:
        if stop.is_set() and serving:
            serving[0].server.stop()
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked)


def _introduce(running: Served) -> None:
    from blossm.cli.welcome import welcome

    network = running.local.network
    for line in welcome(network, running.url, token=f"{_called()} token --network {shlex.quote(network.directory)}"):
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
    environment = {**os.environ, "BLOSSM_URL": running.url, "BLOSSM_NETWORK": running.local.network.directory}
    process = await asyncio.create_subprocess_shell(command, env=environment)
    ended = asyncio.ensure_future(process.wait())
    stopped = asyncio.ensure_future(stop.wait())
    await asyncio.wait((ended, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not ended.done():
        process.terminate()
    code = await ended
    return code if code >= 0 else 128 - code
