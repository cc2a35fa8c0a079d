"""What the suites of commands and facts are told with: a small network, and honest stand-ins for its procedures."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

from blossm.core.errors import (
    BadRequest,
    BlossmError,
    Conflict,
    DeadlineExceeded,
    FieldProblem,
    Internal,
    KeyReused,
    NotFound,
    PayloadTooLarge,
    PermissionDenied,
    PreconditionFailed,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
)
from blossm.core.event import Step, Tx
from blossm.core.read_set import NO_READS, ReadSet
from blossm.core.request import Answer, FactAnswer, Request
from blossm.model.fields import Field
from blossm.model.network import CommandSpec, FactSpec, Handler, Network, Place
from blossm.testing.contracts.log_store import AT, RED

_PLACE = Place("services/shop/blossm.yaml", 1, 1)
_FIELDS: dict[str, Field] = {
    "color": Field(type="string"),
    "coats": Field(type="integer", optional=True),
    "weight": Field(type="number", optional=True),
    "sold": Field(type="boolean", optional=True),
    "tags": Field(type="list", optional=True, items=Field(type="string")),
    "owner": Field(type="object", optional=True, properties={"name": Field(type="string", optional=True)}),
    "note": Field(type="json", optional=True),
}
_SHAPE = Field(type="object", properties=_FIELDS)


def _fact(name: str, **parts: Any) -> FactSpec:
    address = f"shop.bicycle.{name}"
    return FactSpec(
        name=name, address=address, at=_PLACE, service="shop", domain="bicycle", handler=Handler("facts.py", name), **parts
    )


PAINT = CommandSpec(
    name="paint",
    address="shop.bicycle.paint",
    at=_PLACE,
    service="shop",
    domain="bicycle",
    handler=Handler("commands.py", "paint"),
    payload=_FIELDS,
    response=_SHAPE,
)
PRICE = _fact("price", query=_FIELDS, response=_SHAPE)
ANYTHING = _fact("anything")
RIDES = _fact("rides", stream=True, response=_SHAPE)
NETWORK = Network(
    name="city.example",
    environment="production",
    environments={"production": ""},
    commands={PAINT.address: PAINT},
    facts={fact.address: fact for fact in (PRICE, ANYTHING, RIDES)},
)

# What fits the schema, to the last bit of it, and what does not: that is for the callee to say.
PAYLOADS: list[dict[str, Any]] = [
    {"color": "red"},
    {"color": "", "coats": 0, "weight": 0.0, "sold": False, "tags": [], "owner": {}, "note": None},
    {"color": "röd 🚲", "coats": 2**63 - 1, "weight": -0.5, "tags": ["", "a"], "owner": {"name": ""}, "note": [1, 1.0, True]},
    {"color": "red", "weight": 2},
    {"color": "red", "coats": 2.0},
    {"color": "red", "coats": True},
    {"color": None, "coats": "two", "odd": {"a": [None]}},
    {},
]
ERRORS: list[BlossmError] = [
    error("it is off", fields=[FieldProblem("payload.wheels[0]", "is flat")], facts={"is": 2, "of": [1.5, None]}, help="pump it")
    for error in (
        BadRequest,
        Unauthenticated,
        PermissionDenied,
        NotFound,
        Conflict,
        PreconditionFailed,
        PayloadTooLarge,
        KeyReused,
        ResourceExhausted,
        Internal,
        Unavailable,
        DeadlineExceeded,
    )
]


def request(address: str, **parts: Any) -> Request:
    tx = Tx("tx", (Step("command-gateway:c.bicycle.shop", "step", AT),), {"sub": "ada", "roles": ["owner"]})
    return Request(**{"address": address, "tx": tx, "deadline": 30.0, "root": RED, **parts})


def exactly(value: Any) -> str:
    """The value as text that knows 1 from 1.0 and from True, and does not mind the order of an object's members."""
    match value:
        case dict():
            return f"{{{', '.join(sorted(f'{exactly(name)}: {exactly(inner)}' for name, inner in value.items()))}}}"
        case list() | tuple():
            return f"{type(value).__name__}{[exactly(inner) for inner in value]}"
        case _ if fields := getattr(value, "__match_args__", None) or getattr(value, "__slots__", None):
            return f"{type(value).__name__}({exactly({name: getattr(value, name) for name in fields})})"
        case _:
            return repr(value)


def like(asked: Request) -> Request:
    """What can be compared with another: times left are told to the microsecond at best."""
    return replace(asked, deadline=round(asked.deadline, 3))


class Commands:
    """A command that does what a test says. Implements `ports.CommandClient`."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.does: Callable[[Request], Awaitable[Answer]] | None = None

    async def call(self, request: Request) -> Answer:
        self.asked.append(request)
        return await self.does(request) if self.does else Answer()


class Facts:
    """A fact that answers as a test says. Implements `ports.FactClient`."""

    def __init__(self) -> None:
        self.asked: list[tuple[Request, ReadSet]] = []
        self.answers: Callable[[Request], Awaitable[FactAnswer]] | None = None
        self.makes: Callable[[], AsyncIterator[Any]] | None = None

    async def read(self, request: Request, *, reads: ReadSet = NO_READS) -> FactAnswer:
        self.asked.append((request, reads))
        return await self.answers(request) if self.answers else FactAnswer(response=None)

    def stream(self, request: Request) -> AsyncIterator[Any]:
        self.asked.append((request, NO_READS))
        assert self.makes
        return self.makes()
