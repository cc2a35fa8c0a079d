"""A copy of a log's file, made while the log is in use: verified, durable, and under its name only when it is whole."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from blossm.core.errors import Internal
from blossm.local.logs.checks import Problem, Step
from blossm.local.logs.lines import FileRefused, Header
from blossm.local.logs.threads import threaded
from blossm.local.logs.verify import verify, verify_file


async def back_up(file: Path, header: Header, to: Path) -> AsyncGenerator[Step, None]:
    """Copy the log in `file` as it is now to the new file `to`, which can be put in its place.

    Raises FileRefused where `to` is there already, and Internal when the copy is not a sound log; then there is none.
    """
    from blossm.adapters.sqlite.beginning import beside, place, unusable

    _refuse_taken(to)
    made = beside(to)
    try:
        async for step in _copied(file, header, made, to):
            yield step
        place(made, to)
    except FileExistsError as error:
        raise FileRefused(f"{to} is there already", help=_NEW) from error
    except OSError as error:
        raise unusable(error, to) from error
    finally:
        for leftover in (made, *(made.with_name(made.name + end) for end in ("-wal", "-shm", "-journal"))):
            leftover.unlink(missing_ok=True)


async def _copied(file: Path, header: Header, made: Path, to: Path) -> AsyncGenerator[Step, None]:
    from blossm.adapters.sqlite.inspection import copied, settle

    async for done, total in threaded(copied(file, made, named=to)):
        yield Step("copying", done, total, "pages")
    async with aclosing(_verified(made, header)) as steps:
        async for step in steps:
            yield step
    settle(made)
    with made.open("rb+") as whole:
        os.fsync(whole.fileno())


async def _verified(made: Path, header: Header) -> AsyncGenerator[Step, None]:
    from blossm.adapters.sqlite.log import SqliteLogStore

    async for found in verify_file(made):
        yield _sound(found)
    store = SqliteLogStore.open(made, service=header.service, network=header.network)
    try:
        async for found in verify(store):
            yield _sound(found)
    finally:
        await store.close()


def _sound(found: Step | Problem) -> Step:
    if isinstance(found, Step):
        return found
    raise Internal(
        f"the log is damaged: {found.problem}",
        facts={"position": found.position} if found.position else {},
        help="there is no backup of it now: `blossm log verify` says everything that is wrong",
    )


def _refuse_taken(to: Path) -> None:
    if to.exists():
        raise FileRefused(f"{to} is there already", help=_NEW)


_NEW = "nothing was changed: name a new file"
