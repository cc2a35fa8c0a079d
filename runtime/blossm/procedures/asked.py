"""What a request to a command or a fact must bring, and what is noted of its way."""

from __future__ import annotations

import msgspec

from blossm.core.errors import PermissionDenied
from blossm.core.event import Step, Tx
from blossm.core.idempotency import new_id
from blossm.core.request import Request
from blossm.core.root import meant_root
from blossm.core.time import rfc3339
from blossm.handlers.run import broken
from blossm.model.network import CommandSpec, FactSpec
from blossm.ports import Clock

MAX_STEPS = 50  # procedures that one request may go through, each called by the one before


def root_of(spec: CommandSpec | FactSpec, request: Request) -> str:
    """The root that a request means, empty for none. Raises BadRequest, PermissionDenied."""
    given = request.root or None
    if spec.root == "context" and given == request.context.get(spec.root_context):
        given = None  # a door has looked already
    return meant_root(spec, given, request.context)


def check_contexts(spec: CommandSpec | FactSpec, request: Request) -> None:
    """Raises PermissionDenied unless the caller is in all contexts that the procedure is about."""
    if missing := [context for context in spec.contexts if context not in request.context]:
        raise PermissionDenied("the token lacks a context", facts={"contexts": missing})


def deadline_of(spec: CommandSpec | FactSpec, request: Request, clock: Clock) -> float:
    """When the answer must be there: when the asker needs it, and within the procedure's own time."""
    return min(request.deadline, clock.monotonic() + spec.shape.timeout)


def on_the_way(tx: Tx, spec: CommandSpec | FactSpec, clock: Clock) -> Tx:
    """The user's request, with this procedure on its path. Raises Internal when handlers call each other without end."""
    if len(tx.path) >= MAX_STEPS:
        last = " > ".join(step.procedure for step in tx.path[-4:])
        broken(spec.address, f"is the end of a way through {MAX_STEPS} procedures that call each other: … > {last}")
    step = Step(f"{spec.kind}:{spec.address}", new_id(), rfc3339(clock.now()))
    return msgspec.structs.replace(tx, path=(*tx.path, step))
