"""One procedure in one process: built with its clients, served, and drained."""

from __future__ import annotations

from blossm.serve.config import ProcessConfig
from blossm.serve.control import Control, FromParent


async def serve(config: ProcessConfig, control: Control[FromParent]) -> int:
    """Serve the procedure until it is told to stop, or its parent is gone; answers the exit code.

    Says `ready` when it answers, or `failed` when it can't be. Event stores, commands, facts and view stores answer over
    gRPC; gateways, and projections for their health alone, over HTTP. SIGTERM is a stop, SIGINT is ignored:
    a terminal sends it to a network's every process, and the parent knows in which order they end.
    """
    raise NotImplementedError
