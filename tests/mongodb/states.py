"""The plan of the service whose states the tests keep."""

from __future__ import annotations

from blossm.model.fields import Field
from blossm.model.indexes import log_plan
from blossm.model.network import EventStoreSpec, Place


def _store(domain: str, *indexes: str) -> EventStoreSpec:
    address, place, schema = f"shop.{domain}", Place("events/blossm.yaml", 1, 1), {"color": Field(type="string")}
    return EventStoreSpec(
        name=domain, address=address, at=place, service="shop", domain=domain, schema=schema, actions={}, indexes=indexes
    )


PLAN = log_plan([_store("bicycle", "color", "owner.email"), _store("wheel", "color")])
