"""How often Python looks for garbage while a program runs."""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Iterator

_SELDOM = (100_000, 20, 100)
_lock = threading.Lock()
_runs: list[tuple[int, int, int]] = []  # one per run that is under way; the first has what was set before


@contextlib.contextmanager
def collected_seldom() -> Iterator[None]:
    """A program makes a hundred objects per resource that live until it ends; looking at all of them again and again took

    a third of the time.
    """
    with _lock:
        _runs.append(gc.get_threshold() if not _runs else _runs[0])
        gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        with _lock:
            before = _runs.pop()
            if not _runs:
                gc.set_threshold(*before)
