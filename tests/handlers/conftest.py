"""Networks' folders with a user's files in them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from blossm.handlers.modules import Modules

Network = Callable[..., Modules]


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    """Makes a network's modules of files: `network("one", **{"lib/prices.py": "…"})`."""
    made: list[Modules] = []

    def make(folder: str, files: dict[str, str]) -> Modules:
        root = tmp_path / folder
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(textwrap.dedent(text), encoding="utf-8")
        made.append(Modules(root))
        return made[-1]

    yield make
    for modules in made:
        modules.forget()
