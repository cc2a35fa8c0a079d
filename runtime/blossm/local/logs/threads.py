"""What blocks, a step at a time on a thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Any, TypeVar

T = TypeVar("T")

_END: Any = object()


async def threaded(steps: Iterator[T]) -> AsyncGenerator[T, None]:
    """The steps, each made on a thread. One that is being made when nobody waits any more is finished all the same."""
    while (step := await asyncio.to_thread(next, steps, _END)) is not _END:
        yield step
