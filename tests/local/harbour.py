"""The network of the end-to-end tests, resolved."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from blossm.model.load import load
from blossm.model.network import Network

ROOT = Path(__file__).parent.parent / "e2e" / "network"


@cache
def harbour() -> Network:
    return load(ROOT)
