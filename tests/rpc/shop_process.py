"""A process of its own that serves the shop's event stores over SQLite, and may die at a word: `python shop_process.py …`.

It takes a log's file, an address, and `dies` when it is to be killed between the next commit and its answer. It says its
address when it is ready.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.rpc.served_shop import event_stores, served

from blossm.adapters.sqlite.log import SqliteLogStore
from blossm.core.commit import Appended, Commit

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class ShopProcess:
    """The process, and where it answers."""

    process: asyncio.subprocess.Process
    address: str

    async def died(self) -> int:
        return await asyncio.wait_for(self.process.wait(), 30)


@asynccontextmanager
async def shop_process(log: Path, *, address: str = "127.0.0.1:0", dies: bool = False) -> AsyncIterator[ShopProcess]:
    """A process that serves the log. It is killed at the end, if it lives."""
    words = [str(log), address, "dies" if dies else "lives"]
    paths = os.pathsep.join([str(ROOT), *sys.path])
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, *words, stdout=asyncio.subprocess.PIPE, env=os.environ | {"PYTHONPATH": paths}
    )
    try:
        assert process.stdout
        line = await asyncio.wait_for(process.stdout.readline(), 60)
        yield ShopProcess(process, line.decode().strip())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


class _Dying:
    """Event stores whose process is killed when a commit is durable, and its answer not given."""

    def __init__(self, stores: Any) -> None:
        self._stores = stores

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stores, name)

    async def append(self, commit: Commit, **more: Any) -> Appended:
        await self._stores.append(commit, **more)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("it is dead")


async def _main(log: str, address: str, end: str) -> None:
    store = SqliteLogStore.open(Path(log), service="shop", network="city.example")
    stores: Any = event_stores(log=store)
    async with served({"shop": _Dying(stores) if end == "dies" else stores}, address=address) as shop:
        sys.stdout.write(f"{shop.address}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
