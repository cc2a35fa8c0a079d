"""What a stack is made for: what it keeps running, how far it grows, and what it protects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from blossm.model.network import Kind
from blossm_infra.stacks import Size, StoreKind, Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How many instances, and how much each takes on. A procedure's own words in blossm.yaml come first."""

    min_instances: int
    max_instances: int
    concurrency: int
    cpu_idle: bool = True  # True: an instance has a CPU only while it answers, and costs little in between


@dataclass(frozen=True, slots=True, kw_only=True)
class StackShape:
    """What one word in `Pulumi.<stack>.yaml` stands for."""

    event_store: Scale
    projection: Scale
    other: Scale
    tiers: Mapping[StoreKind, Tier]
    deletion_protection: bool

    def scale(self, kind: Kind) -> Scale:
        match kind:
            case "event-store":
                return self.event_store
            case "projection":
                return self.projection
            case _:
                return self.other


# One event-store instance takes a log's writes fastest, so it gets them all until it is full; reads may need a second.
# One instance of a projection is enough: it reads a log in order.
_EVENT_STORE = Scale(min_instances=0, max_instances=3, concurrency=1000)
_PROJECTION = Scale(min_instances=0, max_instances=1, concurrency=80)

SHAPES: dict[Size, StackShape] = {
    "free": StackShape(
        event_store=_EVENT_STORE,
        projection=_PROJECTION,
        other=Scale(min_instances=0, max_instances=3, concurrency=80),
        tiers={"event-store": "M0", "view-store": "M0"},
        deletion_protection=False,
    ),
    "small": StackShape(
        event_store=_EVENT_STORE,
        projection=_PROJECTION,
        other=Scale(min_instances=0, max_instances=10, concurrency=80),
        tiers={"event-store": "FLEX", "view-store": "FLEX"},
        deletion_protection=False,
    ),
    "full": StackShape(
        event_store=Scale(min_instances=1, max_instances=3, concurrency=1000, cpu_idle=False),
        projection=_PROJECTION,
        other=Scale(min_instances=0, max_instances=100, concurrency=80),
        tiers={"event-store": "M10", "view-store": "M10"},
        deletion_protection=True,
    ),
}
