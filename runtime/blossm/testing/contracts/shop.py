"""The shop that the suites are told with: three event stores of one service, their folds, and short words for events."""

from __future__ import annotations

from typing import Any

from blossm.adapters.memory.bus import MemoryBus
from blossm.adapters.memory.clock import FakeClock
from blossm.core.appender import Appender
from blossm.core.commit import NewEvent
from blossm.core.event import LoggedEvent
from blossm.core.fold import Fold
from blossm.model.fields import Field
from blossm.model.network import Action, EventStoreSpec, Place
from blossm.ports import LogStore, StateStore
from blossm.procedures.event_store import EventStores
from blossm.testing.contracts.log_store import RED

GREEN = "00000000-0000-4000-8000-000000000003"
_AT = Place("services/shop/blossm.yaml", 1, 1)
_COLOR = Field(type="string")
_OWNER = Field(type="object", optional=True, properties={"email": _COLOR})


def _store(domain: str, *actions: Action, **more: Any) -> EventStoreSpec:
    return EventStoreSpec(
        name=domain,
        address=f"shop.{domain}",
        at=_AT,
        service="shop",
        domain=domain,
        actions={action.name: action for action in actions},
        **more,
    )


STORES = {
    "bicycle": _store(
        "bicycle",
        Action(name="painted", version=2, payload={"color": _COLOR, "coats": Field(type="integer", default=1, min=1)}),
        Action(name="sold", payload={"owner": _OWNER}),
        Action(name="counted"),
        Action(name="broken"),
        schema={
            "color": _COLOR,
            "coats": Field(type="integer", optional=True),
            "owner": _OWNER,
            "count": Field(type="integer", optional=True),
        },
        indexes=("color", "owner.email", "count"),
        snapshots_every=5,
    ),
    "wheel": _store("wheel", Action(name="trued", payload={"turns": Field(type="integer")}), snapshots_every=5),
    "bell": _store("bell", Action(name="rung"), retired=True),
}


def counted(state: dict[str, Any], event: LoggedEvent) -> dict[str, Any]:
    """Sets what no payload carries."""
    state["count"] = state.get("count", 0) + 1
    return state


def broken(state: dict[str, Any], event: LoggedEvent) -> dict[str, Any]:
    return {"color": state["nothing of this name"]}


def painted_1_to_2(payload: dict[str, Any]) -> dict[str, Any]:
    return {"color": payload["colour"], "coats": 1}


def folds(*, source: str = "") -> dict[str, Fold]:
    functions = {"counted": counted, "broken": broken}
    upcasters = {("painted", 1): painted_1_to_2}
    bicycle = Fold(functions=functions, upcasters=upcasters, actions=STORES["bicycle"].actions, source=source)
    others = {
        domain: Fold(functions={}, upcasters={}, actions=STORES[domain].actions, source=source) for domain in ("wheel", "bell")
    }
    return {"bicycle": bicycle} | others


def event_stores(log: LogStore, states: StateStore, *, clock: FakeClock, source: str = "") -> EventStores:
    """The event stores of the shop, with an appender of their own."""
    bus = MemoryBus()
    return EventStores(
        service="shop",
        network="city.example",
        stores=STORES,
        folds=folds(source=source),
        appender=Appender(store=log, clock=clock, bus=bus, service="shop"),
        log=log,
        states=states,
        clock=clock,
        bus=bus,
    )


def painted(color: str, root: str = RED, **more: Any) -> NewEvent:
    return NewEvent("bicycle", root, "painted", 2, {"color": color, **more})


def sold(email: str, root: str = RED) -> NewEvent:
    return NewEvent("bicycle", root, "sold", 1, {"owner": {"email": email}})


def trued(turns: int = 1, root: str = RED) -> NewEvent:
    return NewEvent("wheel", root, "trued", 1, {"turns": turns})
