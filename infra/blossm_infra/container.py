"""What a procedure's container gets: pure, from its blossm.yaml and the stack's shape. The user's words come first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import pulumi

from blossm.model.network import Kind, ProcedureSpec
from blossm_infra.deployed import Deployed
from blossm_infra.settings import StackSettings
from blossm_infra.shapes import SHAPES

Port = Literal["h2c", "http1"]

# Who is called by the world or by Google, and so by HTTP; all others speak gRPC.
_BY_HTTP: frozenset[Kind] = frozenset({"command-gateway", "fact-gateway", "view-gateway", "projection"})
GATEWAYS: frozenset[Kind] = frozenset({"command-gateway", "fact-gateway", "view-gateway"})

# What Cloud Run asks for: this much memory (MiB) needs that many CPUs.
_CPU_FOR = ((4096, "1"), (8192, "2"), (16384, "4"), (32768, "8"))
_UNITS = {"Mi": 1, "Gi": 1024}


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
    kind, shapes = what.ref.kind, [spec.shape for spec in what.specs]
    scale = SHAPES[settings.shape].scale(kind)
    memory = max((shape.memory for shape in shapes), key=_mebibytes)
    cpu = max((shape.cpu for shape in shapes if shape.cpu), key=float, default="") or _cpu_for(memory, what.first)
    asked = _largest(shape.concurrency for shape in shapes)
    if float(cpu) < 1 and (asked or 1) > 1:
        raise pulumi.RunError(f"{what.first.at}: less than one CPU takes `concurrency: 1` on Cloud Run, not {asked}")
    least = _largest(shape.min_instances for shape in shapes)
    most = _largest(shape.max_instances for shape in shapes) or scale.max_instances
    return Container(
        image=settings.images.get(f"{kind}/{what.ref.address}", settings.image),
        port="http1" if kind in _BY_HTTP else "h2c",
        memory=memory,
        cpu=cpu,
        cpu_idle=scale.cpu_idle,
        timeout=f"{max(shape.timeout for shape in shapes):g}s",
        concurrency=asked or (1 if float(cpu) < 1 else scale.concurrency),
        min_instances=min(scale.min_instances, most) if least is None else least,
        max_instances=max(most, least or 0),
        env=_merged(what, "env", lambda spec: spec.env) | _ours(what, settings),
        secrets=_merged(what, "secrets", lambda spec: spec.secrets),
    )


def _ours(what: Deployed, settings: StackSettings) -> dict[str, str]:
    """How the one image knows which procedure it is."""
    return {
        "BLOSSM_ENVIRONMENT": settings.environment,
        "BLOSSM_PROCEDURE": f"{what.ref.kind}/{what.ref.address}",
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


def _mebibytes(memory: str) -> int:
    amount = re.fullmatch(r"(\d+)(Mi|Gi)", memory)
    return int(amount[1]) * _UNITS[amount[2]] if amount else 0


def _cpu_for(memory: str, spec: ProcedureSpec) -> str:
    for most, cpus in _CPU_FOR:
        if _mebibytes(memory) <= most:
            return cpus
    raise pulumi.RunError(f"{spec.at}: `memory: {memory}` is more than the 32Gi that Cloud Run has")
