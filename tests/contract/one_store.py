"""Networks of one domain, made of fields."""

from __future__ import annotations

from blossm.model.fields import Field, Fields
from blossm.model.network import Action, CommandSpec, EventStoreSpec, FactSpec, Handler, Network, Place, ViewStoreSpec

HERE = Place("blossm.yaml", 1, 1)
CODE = Handler("code.py")


def network(
    *,
    stores: tuple[EventStoreSpec, ...] = (),
    commands: tuple[CommandSpec, ...] = (),
    facts: tuple[FactSpec, ...] = (),
    views: tuple[ViewStoreSpec, ...] = (),
    numbers: dict[str, dict[str, int]] | None = None,
) -> Network:
    return Network(
        name="shop.example",
        environment="development",
        environments={"development": "dev"},
        event_stores={store.address: store for store in stores},
        commands={command.address: command for command in commands},
        facts={fact.address: fact for fact in facts},
        view_stores={view.address: view for view in views},
        numbers=numbers or {},
    )


def store(address: str = "shop.bicycle", *, schema: Fields | None = None, **actions: Fields) -> EventStoreSpec:
    service, _, domain = address.rpartition(".")
    made = {name: Action(name=name, payload=dict(fields)) for name, fields in actions.items()}
    return EventStoreSpec(
        name=domain, address=address, at=HERE, service=service, domain=domain, schema=dict(schema or {}), actions=made
    )


def command(address: str, *, payload: Fields | None = None, response: Field | None = None) -> CommandSpec:
    service, domain, name = address.split(".")
    return CommandSpec(
        name=name,
        address=address,
        at=HERE,
        service=service,
        domain=domain,
        handler=CODE,
        payload=dict(payload or {}),
        response=response,
    )


def fact(address: str, *, query: Fields | None = None, response: Field | None = None) -> FactSpec:
    name = address.rpartition(".")[2]
    return FactSpec(name=name, address=address, at=HERE, handler=CODE, query=dict(query or {}), response=response)


def view(address: str, **schema: Field) -> ViewStoreSpec:
    context, _, name = address.rpartition(".")
    return ViewStoreSpec(name=name, address=address, at=HERE, context=context, schema=dict(schema))


def with_payload(payload: Fields) -> Network:
    """A network whose one action `painted` has this payload."""
    return network(stores=(store(painted=payload),))
