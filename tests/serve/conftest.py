from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.serve.tower import Tower, built

from blossm.serve.nursery import Nursery


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def nursery() -> AsyncIterator[Nursery]:
    """One for all tests of a file: it begins with many imports."""
    async with Nursery() as opened:
        yield opened


@pytest.fixture
def tower(tmp_path: Path, nursery: Nursery) -> Tower:
    return Tower(built(tmp_path / "network"), nursery)
