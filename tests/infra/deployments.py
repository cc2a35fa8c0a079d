"""Both examples in all four stacks, each planned once."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from tests.infra.plans import planned

from blossm.model.load import load
from blossm.model.network import Network
from blossm_infra.preview import SAMPLE, Plan
from blossm_infra.settings import STACKS, StackSettings, settings_of

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = [f"{example}-{stack}" for example in ("bicycle_city", "hello") for stack in STACKS]


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """An example, for a stack: what went in and what comes out."""

    name: str
    model: Network
    settings: StackSettings
    plan: Plan


@functools.cache
def deployment(name: str, *, unknowns: bool = False) -> Deployment:
    """One of `NAMES`."""
    example, _, stack = name.rpartition("-")
    model = load(EXAMPLES / example, environment=STACKS[stack])
    settings = settings_of(SAMPLE, stack=stack)
    return Deployment(name=name, model=model, settings=settings, plan=planned(model, stack=stack, unknowns=unknowns))
