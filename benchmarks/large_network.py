"""A network of any size, made without a YAML file: shops with a bicycle each, and a garage that shows it."""

from __future__ import annotations

from collections.abc import Iterator

from blossm.model.network import (
    Access,
    CommandGatewaySpec,
    CommandSpec,
    Entry,
    EventStoreSpec,
    FactSpec,
    Handler,
    Network,
    Place,
    ProcedureSpec,
    ProjectionSpec,
    Reads,
    Ref,
    ServiceSpec,
    ViewStoreSpec,
)

AT = Place("blossm.yaml", 1, 1)
A_SHOP = 20  # procedures: an event store, a view store, a projection, a gateway, two facts and fourteen commands
_COMMANDS = A_SHOP - 6


def large_network(procedures: int) -> Network:
    """So many procedures, in services of `A_SHOP`; each command reads its own log and one fact, each service the one before."""
    shops = [f"shop{number}" for number in range(procedures // A_SHOP)]
    specs = [spec for shop in shops for spec in _shop(shop)]

    def of(kind: type[ProcedureSpec]) -> dict[str, ProcedureSpec]:
        return {spec.address: spec for spec in specs if isinstance(spec, kind)}

    return Network(
        name="large.example",
        environment="production",
        environments={"development": "dev", "staging": "stg", "sandbox": "snd", "production": ""},
        services={shop: ServiceSpec(name=shop, at=AT, domains=("bicycle",)) for shop in shops},
        contexts=tuple(shops),
        event_stores=of(EventStoreSpec),
        commands=of(CommandSpec),
        facts=of(FactSpec),
        command_gateways=of(CommandGatewaySpec),
        view_stores=of(ViewStoreSpec),
        projections=of(ProjectionSpec),
    )


def _shop(shop: str) -> Iterator[ProcedureSpec]:
    domain, handler = f"{shop}.bicycle", Handler("handlers.py", "main")
    where = {"at": AT, "service": shop, "domain": "bicycle"}
    reads = Reads(event_stores=(domain,), facts=(f"{domain}.owner",))
    yield EventStoreSpec(name="bicycle", address=domain, **where)
    for name in ("owner", "price"):
        log = Reads(event_stores=(domain,))
        yield FactSpec(name=name, address=f"{domain}.{name}", handler=handler, reads=log, **where)
    for number in range(_COMMANDS):
        name = f"paint{number}"
        yield CommandSpec(
            name=name,
            address=f"{domain}.{name}",
            handler=handler,
            logs=("bicycle",),
            reads=reads,
            **where,
        )
    targets = {f"paint{n}": Ref("command", f"{domain}.paint{n}") for n in range(_COMMANDS)}
    signed_in = Access(rule="signed_in")
    yield CommandGatewaySpec(
        name="bicycle",
        address=f"c.bicycle.{shop}",
        host=f"c.bicycle.{shop}.large.example",
        entries={name: Entry(name=name, target=ref, access=signed_in, at=AT) for name, ref in targets.items()},
        **where,
    )
    yield ViewStoreSpec(name="bicycles", address=f"{shop}.bicycles", at=AT, context=shop)
    yield ProjectionSpec(
        name="bicycles", address=f"{shop}.bicycles", at=AT, context=shop, handler=handler, events={domain: ("painted",)}
    )
