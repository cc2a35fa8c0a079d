"""What both examples consist of in each stack, and what one procedure more adds to a network."""

from __future__ import annotations

import difflib
import functools
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.infra.deployments import NAMES, deployment
from tests.infra.inventory import REMADE_BY, inventory, line
from tests.infra.networks import bicycle_city, command, entries, fact, place, store
from tests.infra.plans import planned

from blossm.model.network import (
    CommandGatewaySpec,
    FactGatewaySpec,
    Handler,
    Network,
    ProjectionSpec,
    Ref,
    ViewGatewaySpec,
    ViewStoreSpec,
)
from blossm_infra.preview import Plan, Registered

FOLDER = Path(__file__).parent / "inventories"

Change = Callable[[Network], Network]


def same_as_saved(name: str, text: str) -> None:
    """Fails with the difference, and with the command that makes the file anew."""
    file = FOLDER / f"{name}.txt"
    if os.environ.get(REMADE_BY):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return
    saved = file.read_text(encoding="utf-8") if file.exists() else ""
    if text != saved:
        changed = "\n".join(difflib.unified_diff(saved.splitlines(), text.splitlines(), "saved", "now", lineterm="", n=1))
        command = f"{REMADE_BY}=1 pytest tests/infra/test_inventories.py"
        pytest.fail(f"{name} consists of something else now; if that is right: {command}\n{changed}", pytrace=False)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_consists_of_what_is_saved(name: str) -> None:
    same_as_saved(name, inventory(deployment(name).plan))


def _event_store(city: Network) -> Network:
    services = {**city.services, "shop": replace(city.services["shop"], domains=("bicycle", "wheel", "bell"))}
    return replace(city, services=services, event_stores={**city.event_stores, "shop.bell": store("shop", "bell", line=30)})


def _command(city: Network) -> Network:
    lock = command("shop.bicycle.lock")
    return replace(city, commands={**city.commands, lock.address: lock})


def _scheduled(city: Network) -> Network:
    nightly = replace(command("shop.bicycle.nightly"), schedule="0 3 * * *")
    return replace(city, commands={**city.commands, nightly.address: nightly})


def _fact(city: Network) -> Network:
    price = fact("shop.bicycle.price")
    return replace(city, facts={**city.facts, price.address: price})


def _command_gateway(city: Network) -> Network:
    gateway = CommandGatewaySpec(
        name="mechanic",
        address="c.mechanic.staff",
        at=place(60),
        service="staff",
        domain="mechanic",
        host="c.mechanic.staff.bicyclecity.example",
        entries=entries(Ref("command", "staff.mechanic.notify")),
    )
    return replace(city, command_gateways={**city.command_gateways, gateway.address: gateway})


def _fact_gateway(city: Network) -> Network:
    gateway = FactGatewaySpec(
        name="bicycle",
        address="f.bicycle.shop",
        at=place(60),
        service="shop",
        domain="bicycle",
        host="f.bicycle.shop.bicyclecity.example",
        entries=entries(Ref("fact", "shop.bicycle.owner")),
    )
    return replace(city, fact_gateways={**city.fact_gateways, gateway.address: gateway})


def _view_store(city: Network) -> Network:
    view = ViewStoreSpec(name="bells", address="garage.bells", at=place(5), context="garage")
    return replace(city, view_stores={**city.view_stores, view.address: view})


def _projection(city: Network) -> Network:
    """Of the view store that a network has without one: rows come from one projection each."""
    projection = ProjectionSpec(
        name="bells",
        address="garage.bells",
        at=place(9),
        context="garage",
        handler=Handler("bells.py"),
        events={"shop.bicycle": ("painted",)},
    )
    return replace(city, projections={**city.projections, projection.address: projection})


def _view_gateway(city: Network) -> Network:
    gateway = ViewGatewaySpec(
        name="v", address="v", at=place(20), host="v.bicyclecity.example", entries=entries(Ref("view-store", "totals"))
    )
    return replace(city, view_gateways={**city.view_gateways, gateway.address: gateway})


# What is added to the city, after what it must have before.
ADDED: dict[str, tuple[Change, ...]] = {
    "event-store": (_event_store,),
    "command": (_command,),
    "command-with-a-schedule": (_scheduled,),
    "fact": (_fact,),
    "command-gateway": (_command_gateway,),
    "fact-gateway": (_fact_gateway,),
    "view-store": (_view_store,),
    "projection": (_view_store, _projection),
    "view-gateway": (_view_gateway,),
}

# What can't help knowing of others, by what is added.
TOUCHED: dict[str, set[str]] = {
    "event-store": {
        "gcp:cloudrunv2/job:Job indexes-event-store-shop",  # makes the collection of its states, and so runs again
        "mongodbatlas:index/customDbRole:CustomDbRole serve-event-store-shop",  # may change those states
    },
    "command-gateway": {"gcp:compute/uRLMap:URLMap gateways"},  # the load balancer's list of hosts
    "fact-gateway": {"gcp:compute/uRLMap:URLMap gateways"},
    "view-gateway": {"gcp:compute/uRLMap:URLMap gateways"},
}


@functools.cache
def _plan(*changes: Change) -> Plan:
    city = functools.reduce(lambda city, change: change(city), changes, bicycle_city("production"))
    return planned(city, stack="prod")


@pytest.mark.parametrize("what", ADDED)
def test_a_procedure_that_is_added_adds_its_resources_and_touches_no_other(what: str) -> None:
    before, after = _plan(*ADDED[what][:-1]), _plan(*ADDED[what])
    assert {f"{r.type} {r.name}" for r in _changed(before, after)} == TOUCHED.get(what, set())
    assert _missing(before, after) == []
    same_as_saved(f"adding/{what}", "\n".join([*map(line, _missing(after, before)), ""]))


def test_no_inventory_is_saved_that_nobody_looks_at() -> None:
    assert sorted(file.stem for file in FOLDER.glob("*.txt")) == sorted(NAMES)
    assert sorted(file.stem for file in (FOLDER / "adding").glob("*.txt")) == sorted(ADDED)


def _missing(plan: Plan, other: Plan) -> list[Registered]:
    """What this plan has and the other has not."""
    there = {resource.urn for resource in other.resources}
    return [resource for resource in plan.resources if resource.urn not in there]


def _changed(before: Plan, after: Plan) -> list[Registered]:
    """What is in both, with other inputs or options. What is computed from inputs is compared with them."""
    later = {resource.urn: resource for resource in after.resources}
    both = ((resource, later[resource.urn]) for resource in before.resources if resource.urn in later)
    return [one for one, other in both if one.custom and one != other]
