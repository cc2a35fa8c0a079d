"""A network runs in one process, or in one for each procedure: whoever talks to it sees no difference."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from tests.e2e.process import Running, running

Dev = Callable[..., AbstractContextManager[Running]]


@pytest.fixture(params=[(), ("--processes",)], ids=["one_process", "processes"], scope="module")
def options(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The options of `blossm dev` that make it run one way or the other."""
    named: tuple[str, ...] = request.param
    return named


@pytest.fixture(scope="module")
def dev(options: tuple[str, ...]) -> Dev:
    """`blossm dev`, run one way or the other: `with dev(root, *options) as network`."""

    def started(root: Path, *others: str) -> AbstractContextManager[Running]:
        return running(root, *options, *others)

    return started
