from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.read_side.world import MakeWorld, World
from tests.transports import Way


@pytest.fixture
async def made(tmp_path: Path, way: Way) -> AsyncIterator[MakeWorld]:
    opened: list[World] = []

    async def make(**declared: Any) -> World:
        opened.append(await World.open(tmp_path / "version_0", way=way, **declared))
        return opened[-1]

    yield make
    for world in opened:
        await world.close()


@pytest.fixture
async def world(made: MakeWorld) -> World:
    return await made()
