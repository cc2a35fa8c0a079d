from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest
from tests.transports import Way
from tests.write_side.shop import Shop, shop_in

from blossm.ports import Clock


class MakeShop(Protocol):
    async def __call__(
        self,
        *,
        yaml: str = "",
        commands: str = "",
        facts: str = "",
        files: dict[str, str] | None = None,
        clock: Clock | None = None,
    ) -> Shop: ...


@pytest.fixture
async def shop(tmp_path: Path, way: Way) -> AsyncIterator[MakeShop]:
    """Makes the shop with a test's own commands and facts in the domain `bicycle`."""
    made: list[Shop] = []

    async def make(
        *,
        yaml: str = "",
        commands: str = "",
        facts: str = "",
        files: dict[str, str] | None = None,
        clock: Clock | None = None,
    ) -> Shop:
        made.append(
            await shop_in(tmp_path, yaml=yaml, commands=commands, facts=facts, files=files or {}, clock=clock, way=way)
        )
        return made[-1]

    yield make
    for each in made:
        await each.close()
