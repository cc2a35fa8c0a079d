"""Garbage collection for a process that serves: with Python's own settings, made for scripts, it takes a quarter of a command."""

from __future__ import annotations

import gc


def leave_alone_what_stays() -> None:
    """Collect more seldom, and without a look at what is there now, which lives as long as the process."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()
