"""Settings that name procedures, held against the network. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from blossm.model.diagnostics import did_you_mean
from blossm.model.network import Kind, Network
from blossm_infra.deployed import deployed
from blossm_infra.settings.mistakes import Mistake, named
from blossm_infra.settings.stack import StackSettings
from blossm_infra.settings.stack_file import Keys

_KINDS = frozenset(get_args(Kind))


def strangers(model: Network, settings: StackSettings) -> list[Mistake]:
    """Keys of `blossm:scale` and `blossm:images` that mean nothing in this network."""
    there = [f"{ref.kind}/{ref.address}" for ref in deployed(model)]
    return [
        *(_stranger(("blossm:scale", key), there) for key in settings.scale if key not in _KINDS and key not in there),
        *(_stranger(("blossm:images", key), there) for key in settings.images if key not in there),
    ]


def _stranger(keys: Keys, there: list[str]) -> Mistake:
    return Mistake(keys=keys, message=f"`{named(keys)}` is no procedure of this network; {' '.join(_hint(keys, there))}")


def _hint(keys: Keys, there: list[str]) -> Iterator[str]:
    kind, _, address = keys[1].partition("/")
    if kind == "event-store" and f"event-store/{address.partition('.')[0]}" in there:
        yield f"event stores of one service run together, as `event-store/{address.partition('.')[0]}`"
    elif kind in _KINDS and not address and keys[0] == "blossm:images":
        yield "an image is for one procedure, `kind/address`, or for all: `blossm:image`"
    else:
        kinds = sorted(_KINDS) if keys[0] == "blossm:scale" else []
        yield did_you_mean(keys[1], [*kinds, *there]) or "write a procedure as `kind/address`, like `command/shop.bicycle.paint`"
