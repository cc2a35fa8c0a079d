"""Threads for plain functions: used again, and missed by nobody when one never comes back.

They are daemons: a function that hangs keeps its own thread, and neither the other functions nor the process. (The pools
of the standard library and of anyio are waited for when Python ends.)
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeAlias

KEPT = 32  # threads that wait for work; more than these end with it

Work: TypeAlias = Callable[[], Callable[[], object]]  # does it, and gives back how to tell of it

_free: list[SimpleQueue[Work]] = []  # the queues of the threads that wait
os.register_at_fork(after_in_child=_free.clear)


async def in_a_thread(function: Callable[..., Any], *args: Any) -> Any:
    """What a plain function gives, in a thread and in this context. Whoever is cancelled does not wait for it."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Any] = loop.create_future()
    context = contextvars.copy_context()

    def work() -> Callable[[], object]:
        try:
            told = partial(_give, answer, context.run(function, *args))
        except StopIteration as error:  # a future can't carry it
            told = partial(_fail, answer, RuntimeError(f"StopIteration: {error}").with_traceback(error.__traceback__))
        except BaseException as error:  # whatever ends the function is the caller's to know
            told = partial(_fail, answer, error)
        return partial(loop.call_soon_threadsafe, told)

    _begin(work)
    return await answer


def _give(answer: asyncio.Future[Any], result: Any) -> None:
    if not answer.done():
        answer.set_result(result)


def _fail(answer: asyncio.Future[Any], error: BaseException) -> None:
    if not answer.done():
        answer.set_exception(error)


def _begin(work: Work) -> None:
    """Give it to a thread that waits, or to a new one."""
    try:
        waiting = _free.pop()
    except IndexError:
        waiting = SimpleQueue()
        threading.Thread(target=_serve, args=(waiting,), name="handler", daemon=True).start()
    waiting.put(work)


def _serve(waiting: SimpleQueue[Work]) -> None:
    """Do what comes, one after the other. A thread is free before it tells of its work: who hears of it may have more."""
    kept = True
    while kept:
        tell = waiting.get()()
        if kept := len(_free) < KEPT:
            _free.append(waiting)
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            tell()
        del tell
