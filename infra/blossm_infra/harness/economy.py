"""What a program does without while it runs here, because nobody looks at it; together more than half of its time."""

from __future__ import annotations

import contextlib
import gc
import inspect
import threading
from collections.abc import Iterator

from pulumi import output
from pulumi.runtime import resource
from pulumi.runtime.proto import source_pb2

_SELDOM = (100_000, 20, 100)
_lock = threading.Lock()
_under_way = contextlib.ExitStack()
_runs = 0


@contextlib.contextmanager
def economically() -> Iterator[None]:
    """For the time of a run, or of several at once: looks for garbage seldom, and lets the SDK note no stack traces.

    A program makes a hundred objects per resource that live until it ends, and Python's thresholds are made for others.
    The SDK sends some twenty frames with each resource, for an engine that shows where it was made.
    """
    global _runs  # both are the process's own
    with _lock:
        _runs += 1
        if _runs == 1:
            _under_way.callback(gc.set_threshold, *gc.get_threshold())
            _under_way.callback(setattr, resource, "_get_stack_trace", resource._get_stack_trace)
            gc.set_threshold(*_SELDOM)
            resource._get_stack_trace = source_pb2.StackTrace
    try:
        yield
    finally:
        with _lock:
            _runs -= 1
            if not _runs:
                _under_way.pop_all().close()


def throw_away_unawaited() -> None:
    """Outputs that failed keep coroutines that nobody awaits, and Python would warn of them at some later moment."""
    with _lock:
        if _runs > 1:
            return  # they may be those of another run, which is about to await them
        for thing in gc.get_objects():
            if inspect.iscoroutine(thing) and thing.cr_code.co_filename == output.__file__ and _is_new(thing):
                thing.close()


def _is_new(coroutine: object) -> bool:
    return inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED  # type: ignore[arg-type]
