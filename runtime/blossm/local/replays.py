"""Replays by the operator: a view made anew, dropped half-made, or put back as it was."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import msgspec

from blossm.core.errors import NotFound
from blossm.local.operated import Operated
from blossm.model.diagnostics import did_you_mean
from blossm.model.network import ProjectionSpec
from blossm.replay import abort, replaying, rollback


class Replay(msgspec.Struct, forbid_unknown_fields=True):
    """Make a view anew, from the first event on; `dry_run`: look whether that works, and switch nothing."""

    projection: str
    dry_run: bool = False


class Abort(msgspec.Struct, forbid_unknown_fields=True):
    """Drop what an unfinished replay has made."""

    projection: str


class Rollback(msgspec.Struct, forbid_unknown_fields=True):
    """Serve the rows before the last replay again."""

    projection: str


class Replays:
    """Replays the projections of one network."""

    def __init__(self, operated: Operated) -> None:
        self._operated = operated

    async def run(self, wanted: Replay | Abort | Rollback) -> AsyncGenerator[dict[str, Any], None]:
        """A document for each step of a replay; one for what else is wanted."""
        projection, clients = self._projection(wanted.projection), self._operated.operator
        match wanted:
            case Replay():
                steps = replaying(
                    spec=projection,
                    network=self._operated.network,
                    modules=self._operated.modules,
                    clients=clients,
                    clock=self._operated.clock,
                    dry_run=wanted.dry_run,
                )
                async for progress in steps:
                    yield msgspec.to_builtins(progress)
            case Abort():
                yield {"projection": wanted.projection, "aborted": await abort(spec=projection, clients=clients)}
            case Rollback():
                yield {"projection": wanted.projection, "generation": await rollback(spec=projection, clients=clients)}

    def _projection(self, address: str) -> ProjectionSpec:
        projections = self._operated.network.projections
        if address not in projections:
            raise NotFound(f"there is no projection {address}", help=did_you_mean(address, projections))
        return projections[address]
