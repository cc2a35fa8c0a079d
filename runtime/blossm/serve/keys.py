"""The keys that a network on this machine believes: those of its issuers, and the development key."""

from __future__ import annotations

from pathlib import Path

from blossm.adapters.development_key import DevelopmentKeys, development_key
from blossm.adapters.keys import HttpKeys
from blossm.model.network import Network
from blossm.ports import Clock, Keys


def development_keys(network: Network, key: Path, *, clock: Clock) -> Keys:
    """Keys for the doors; the development key is in the file at `key`, made where there is none."""
    return DevelopmentKeys(key=development_key(key), environment=network.environment, others=HttpKeys(clock=clock))
