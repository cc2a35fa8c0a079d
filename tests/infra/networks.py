"""A network built by hand: two services, a context and views without one, every kind of procedure."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from blossm.model.network import (
    Access,
    CommandGatewaySpec,
    CommandSpec,
    Entry,
    Environment,
    EventStoreSpec,
    FactGatewaySpec,
    FactSpec,
    Handler,
    Network,
    Place,
    ProcedureSpec,
    ProjectionSpec,
    Reads,
    Ref,
    ServiceSpec,
    Shape,
    ViewGatewaySpec,
    ViewStoreSpec,
)

PREFIXES: dict[Environment, str] = {"development": "dev", "staging": "stg", "sandbox": "snd", "production": ""}
Spec = TypeVar("Spec", bound=ProcedureSpec)


def place(line: int, *, file: str = "services/shop/bicycle/blossm.yaml") -> Place:
    return Place(file, line, 1)


def store(service: str, domain: str, *, line: int = 3) -> EventStoreSpec:
    return EventStoreSpec(
        name=domain, address=f"{service}.{domain}", at=place(line), service=service, domain=domain, shape=Shape(memory="512Mi")
    )


def command(address: str, *, logs: tuple[str, ...] = (), calls: tuple[str, ...] = ()) -> CommandSpec:
    service, domain, name = address.split(".")
    return CommandSpec(
        name=name,
        address=address,
        at=place(20),
        service=service,
        domain=domain,
        handler=Handler("commands.py", name),
        logs=logs or (domain,),
        calls=calls,
        reads=Reads(event_stores=(f"{service}.{domain}",)),
    )


def fact(address: str) -> FactSpec:
    *where, name = address.split(".")
    service, domain = where or ("", "")
    reads = Reads(event_stores=(f"{service}.{domain}",) if service else ("shop.bicycle", "staff.mechanic"))
    return FactSpec(
        name=name, address=address, at=place(40), service=service, domain=domain, handler=Handler("facts.py", name), reads=reads
    )


def entries(*targets: Ref) -> dict[str, Entry]:
    names = {target.address.split(".")[-1]: target for target in targets}
    signed_in = Access(rule="signed_in")
    return {name: Entry(name=name, target=target, access=signed_in, at=place(60)) for name, target in names.items()}


def bicycle_city(environment: Environment = "development") -> Network:
    prefix = PREFIXES[environment]
    host = f"{prefix}.bicyclecity.example" if prefix else "bicyclecity.example"
    return Network(
        name="bicyclecity.example",
        environment=environment,
        environments=PREFIXES,
        permissions_fact="staff.mechanic.permissions",
        services={
            "shop": ServiceSpec(name="shop", at=place(1), depends_on=("staff",), domains=("bicycle", "wheel")),
            "staff": ServiceSpec(name="staff", at=place(1), domains=("mechanic",)),
        },
        contexts=("garage",),
        event_stores=_by_address(store("shop", "bicycle"), store("shop", "wheel", line=9), store("staff", "mechanic")),
        commands=_by_address(
            command("shop.bicycle.register", logs=("bicycle", "wheel")),
            replace(
                command("shop.bicycle.paint", calls=("staff.mechanic.notify", "shop.bicycle.repaint")),
                reads=Reads(facts=("price",), event_stores=("shop.bicycle", "staff.mechanic")),
                shape=Shape(memory="1Gi", cpu="2", timeout=5.5, concurrency=20, min_instances=1, max_instances=7),
                env={"COLOR": "green"},
                secrets={"PAINT_KEY": "paint-key"},
            ),
            command("shop.bicycle.repaint", calls=("shop.bicycle.paint",)),  # and paint calls repaint
            command("staff.mechanic.notify"),
        ),
        facts=_by_address(fact("shop.bicycle.owner"), fact("staff.mechanic.permissions"), fact("price")),
        command_gateways=_by_address(
            CommandGatewaySpec(
                name="bicycle",
                address="c.bicycle.shop",
                at=place(60),
                service="shop",
                domain="bicycle",
                host=f"c.bicycle.shop.{host}",
                entries=entries(Ref("command", "shop.bicycle.register"), Ref("command", "shop.bicycle.paint")),
            )
        ),
        fact_gateways=_by_address(
            FactGatewaySpec(name="f", address="f", at=place(70), host=f"f.{host}", entries=entries(Ref("fact", "price")))
        ),
        view_stores=_by_address(
            ViewStoreSpec(name="bicycles", address="garage.bicycles", at=place(5), context="garage"),
            ViewStoreSpec(name="totals", address="totals", at=place(5)),
        ),
        projections=_by_address(
            ProjectionSpec(
                name="bicycles",
                address="garage.bicycles",
                at=place(9),
                context="garage",
                handler=Handler("bicycles.py"),
                events={"shop.bicycle": ("painted",), "shop.wheel": ("trued",), "staff.mechanic": ("hired",)},
            ),
            ProjectionSpec(
                name="totals", address="totals", at=place(9), handler=Handler("totals.py"), events={"shop.bicycle": ("painted",)}
            ),
        ),
        view_gateways=_by_address(
            ViewGatewaySpec(
                name="garage",
                address="v.garage",
                at=place(20),
                context="garage",
                host=f"v.garage.{host}",
                entries=entries(Ref("view-store", "garage.bicycles")),
            )
        ),
    )


def _by_address(*specs: Spec) -> dict[str, Spec]:
    return {spec.address: spec for spec in specs}
