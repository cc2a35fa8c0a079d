"""The procedures that stand in one process, as those who call them there have them."""

from __future__ import annotations

from dataclasses import dataclass, field

from blossm.ports import CommandClient, EventStoreClient, FactClient, ViewStoreClient


@dataclass(frozen=True, slots=True)
class Procedures:
    """Procedures by address; the event stores of a service by its name."""

    event_stores: dict[str, EventStoreClient] = field(default_factory=dict)
    commands: dict[str, CommandClient] = field(default_factory=dict)
    facts: dict[str, FactClient] = field(default_factory=dict)
    view_stores: dict[str, ViewStoreClient] = field(default_factory=dict)
