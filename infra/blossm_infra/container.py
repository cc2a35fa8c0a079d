"""What a procedure's container gets: pure, from its blossm.yaml, the stack's shape and the stack's own words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

import pulumi

from blossm.model.network import Kind, ProcedureSpec
from blossm_infra.deployed import Deployed
from blossm_infra.machine import machine, processors
from blossm_infra.settings import ScaleSettings, StackSettings, named
from blossm_infra.shapes import SHAPES, Scale

LIVE = 330  # seconds: a live view ends by itself after 300, and the last answer of its store may take 30

Port = Literal["h2c", "http1"]

# Who is called by the world or by Google, and so by HTTP; all others speak gRPC.
_BY_HTTP: frozenset[Kind] = frozenset({"command-gateway", "fact-gateway", "view-gateway", "projection"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    image: str
    port: Port
    memory: str
    cpu: str
    cpu_idle: bool
    timeout: str
    concurrency: int
    min_instances: int
    max_instances: int
    env: dict[str, str]
    secrets: dict[str, str]  # variable → name of the secret


def container(what: Deployed, settings: StackSettings) -> Container:
    """Raises `pulumi.RunError`, with file and line, for what Cloud Run would refuse."""
    memory, cpu = machine(what)
    scale = _scale(what, settings)
    if processors(cpu) < 1:
        _refuse_on_part_of_a_cpu(what, settings)
        scale = replace(scale, concurrency=1, cpu_idle=True)
    return Container(
        image=settings.images.get(_key(what), settings.image),
        port="http1" if what.ref.kind in _BY_HTTP else "h2c",
        memory=memory,
        cpu=cpu,
        cpu_idle=scale.cpu_idle,
        timeout=f"{_answers_within(what)}s",
        concurrency=scale.concurrency,
        min_instances=scale.min_instances,
        max_instances=scale.max_instances,
        env=_merged(what, "env", lambda spec: spec.env) | _ours(what, settings),
        secrets=_merged(what, "secrets", lambda spec: spec.secrets),
    )


def _key(what: Deployed) -> str:
    return f"{what.ref.kind}/{what.ref.address}"


def _scale(what: Deployed, settings: StackSettings) -> Scale:
    """The shape's; over it blossm.yaml; over both what the stack says of the kind, and last of the procedure itself."""
    scale = SHAPES[settings.shape].scale(what.ref.kind)
    for said in (_written(what), settings.scale.get(what.ref.kind), settings.scale.get(_key(what))):
        scale = _over(scale, said) if said else scale
    return scale


def _written(what: Deployed) -> ScaleSettings:
    shapes = [spec.shape for spec in what.specs]
    return ScaleSettings(
        min_instances=_largest(shape.min_instances for shape in shapes),
        max_instances=_largest(shape.max_instances for shape in shapes),
        concurrency=_largest(shape.concurrency for shape in shapes),
    )


def _over(scale: Scale, said: ScaleSettings) -> Scale:
    """What is said replaces what was; a bound that would then be on the wrong side of the other moves along."""
    least = scale.min_instances if said.min_instances is None else said.min_instances
    most = scale.max_instances if said.max_instances is None else said.max_instances
    return Scale(
        min_instances=least if said.min_instances is not None else min(least, most),
        max_instances=max(most, least) if said.min_instances is not None else most,
        concurrency=scale.concurrency if said.concurrency is None else said.concurrency,
        cpu_idle=scale.cpu_idle if said.cpu_idle is None else said.cpu_idle,
    )


def _refuse_on_part_of_a_cpu(what: Deployed, settings: StackSettings) -> None:
    """What Cloud Run needs a whole CPU for. That a whole kind is said to have it does not count."""
    keys = ("blossm:scale", _key(what))
    said = settings.scale.get(_key(what), ScaleSettings())
    for place, scale in ((str(what.first.at), _written(what)), (f"{settings.file.at(keys)}: `{named(keys)}`", said)):
        if (scale.concurrency or 1) > 1:
            raise pulumi.RunError(f"{place}: less than one CPU takes `concurrency: 1` on Cloud Run, not {scale.concurrency}")
        if scale.cpu_idle is False:
            raise pulumi.RunError(f"{place}: less than one CPU takes `cpu_idle: true` on Cloud Run")


def _answers_within(what: Deployed) -> int:
    """In whole seconds, as Cloud Run counts; a procedure keeps its own time to the millisecond.

    A view gateway bounds its single answers itself; live ones go on, and Cloud Run may not cut them off.
    """
    longest = math.ceil(max(spec.shape.timeout for spec in what.specs))
    return max(longest, LIVE) if what.ref.kind == "view-gateway" else longest


def _ours(what: Deployed, settings: StackSettings) -> dict[str, str]:
    """How the one image knows which procedure it is."""
    return {
        "BLOSSM_ENVIRONMENT": settings.environment,
        "BLOSSM_PROCEDURE": _key(what),
    }


def _merged(what: Deployed, key: str, of: Callable[[ProcedureSpec], dict[str, str]]) -> dict[str, str]:
    """The variables of all that share the container. Two that disagree can't share it."""
    merged: dict[str, tuple[str, ProcedureSpec]] = {}
    for spec in what.specs:
        for name, value in of(spec).items():
            if name.startswith("BLOSSM_"):
                raise pulumi.RunError(f"{spec.at}: `{key}` may not set `{name}`: names with BLOSSM_ are the stack's own")
            before, where = merged.setdefault(name, (value, spec))
            if before != value:
                raise pulumi.RunError(
                    f"{spec.at}: `{key}` says {name} is `{value}`, but {where.at} says `{before}`: "
                    f"the event stores of service `{spec.service}` share one log and one container"
                )
    return {name: value for name, (value, _) in merged.items()}


def _largest(values: Iterable[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)
