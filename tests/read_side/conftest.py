from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.read_side.world import MakeWorld, World


@pytest.fixture
def made(tmp_path: Path) -> MakeWorld:
    def make(**declared: Any) -> World:
        return World(tmp_path / "version_0", **declared)

    return make


@pytest.fixture
def world(made: MakeWorld) -> World:
    return made()
