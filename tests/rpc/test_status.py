"""Errors on their way: each arrives as itself, with its fields, facts and help."""

from __future__ import annotations

import math
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.rpc.switchboard import PAINT, SELL, Telling, request, switchboard

from blossm.core import errors
from blossm.core.errors import BadRequest, BlossmError, Conflict, FieldProblem, Internal, NotFound, PreconditionFailed
from blossm.core.request import Answer, Request
from blossm.rpc.status import error_of, message_of

ALL: list[type[BlossmError]] = [BlossmError, *BlossmError.__subclasses__()]
CLASSES = [cls for cls in ALL if cls.__module__ == errors.__name__]
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT.filter(lambda name: "\0" not in name), inner, max_size=3),
    max_leaves=8,
)
FACTS = st.dictionaries(TEXT.filter(lambda name: "\0" not in name), JSON, max_size=4)
FIELDS = st.lists(st.builds(FieldProblem, TEXT, TEXT), max_size=4)


@given(cls=st.sampled_from(CLASSES), message=TEXT.filter(bool), fields=FIELDS, facts=FACTS, help=TEXT)
def test_an_error_arrives_as_itself(
    cls: type[BlossmError], message: str, fields: list[FieldProblem], facts: dict[str, Any], help: str
) -> None:
    error = cls(message, fields=fields, facts=facts, help=help)
    arrived = error_of(message_of(error))
    assert type(arrived) is cls
    assert arrived.as_dict() == error.as_dict()
    assert repr(arrived.facts) == repr(error.facts)  # 1 stays apart from 1.0 and True


@pytest.mark.parametrize("cls", CLASSES, ids=[cls.__name__ for cls in CLASSES])
async def test_every_class_of_errors_crosses_the_wire(cls: type[BlossmError]) -> None:
    error = cls("ein Rad\nist ab — 輪", fields=[FieldProblem("payload.wheels[0]", "ist ab")], facts={"wheels": 1}, help="push")

    async def says(request: Request) -> Answer:
        raise error

    async with switchboard(commands={PAINT: Telling(says)}) as board, board.clients(SELL) as clients:
        with pytest.raises(cls) as raised:
            await clients.command(PAINT.address).call(request(PAINT, {"color": "red"}))
    assert type(raised.value) is cls
    assert raised.value.as_dict() == error.as_dict()


class Sold(Conflict):
    """An error of a user."""


async def test_a_users_own_error_arrives_as_the_one_that_it_is_a_kind_of() -> None:
    async def says(request: Request) -> Answer:
        raise Sold("gone", facts={"to": "ada"})

    async with switchboard(commands={PAINT: Telling(says)}) as board, board.clients(SELL) as clients:
        with pytest.raises(Conflict) as raised:
            await clients.command(PAINT.address).call(request(PAINT, {"color": "red"}))
    assert type(raised.value) is Conflict
    assert raised.value.facts == {"to": "ada"}


def test_facts_that_are_no_json_are_told_as_text() -> None:
    id = uuid.UUID(int=7)
    facts: dict[Any, Any] = {
        "id": id,
        "not a number": math.nan,
        "large": 2**64,
        "half": "\ud800",
        3: "a number for a name",
        "several": {1},
        "kind": int,
        "fine": [1, {"deep": (2,)}],
    }
    arrived = error_of(message_of(Conflict("moved", facts=facts)))
    assert arrived.facts == {
        "id": str(id),
        "not a number": "nan",
        "large": "18446744073709551616",
        "half": "\\ud800",
        "3": "a number for a name",
        "several": [1],
        "kind": "<class 'int'>",
        "fine": [1, {"deep": [2]}],
    }


def test_facts_that_hold_themselves_are_told_as_far_as_they_go() -> None:
    facts: dict[str, Any] = {"name": "loop"}
    facts["again"] = facts
    assert error_of(message_of(Conflict("moved", facts=facts))).facts["name"] == "loop"


def test_what_is_too_much_is_left_out_and_counted() -> None:
    error = BadRequest(
        "m" * 100_000,
        fields=[FieldProblem(f"payload.wheels[{index}]", "is flat") for index in range(10_000)],
        facts={"small": 1, "large": "x" * 100_000, "also small": 2},
        help="h" * 100_000,
    )
    message = message_of(error, most=4096)
    arrived = error_of(message)
    assert message.ByteSize() <= 4096
    assert type(arrived) is BadRequest
    assert arrived.fields == error.fields[: len(arrived.fields)]
    assert arrived.facts == {
        "small": 1,
        "also small": 2,
        "left_out": {"fields": 10_000 - len(arrived.fields), "facts": 1},
    }


@given(
    fields=st.lists(st.builds(FieldProblem, TEXT, st.integers(0, 3000).map(lambda size: "☂" * size)), max_size=50),
    facts=st.dictionaries(TEXT, st.integers(0, 3000).map(lambda size: "☂" * size), max_size=20),
    message=st.integers(1, 3000).map(lambda size: "☂" * size),
)
def test_whatever_an_error_holds_it_keeps_within_its_bound(
    fields: list[FieldProblem], facts: dict[str, Any], message: str
) -> None:
    assert message_of(NotFound(message, fields=fields, facts=facts, help=message), most=4096).ByteSize() <= 4096


async def test_an_error_with_very_many_fields_still_arrives() -> None:
    async def says(request: Request) -> Answer:
        raise PreconditionFailed(
            "☂" * 50_000, fields=[FieldProblem(f"payload.wheels[{index}]", "☂") for index in range(50_000)], help="☂" * 50_000
        )

    async with switchboard(commands={PAINT: Telling(says)}) as board, board.clients(SELL) as clients:
        with pytest.raises(PreconditionFailed) as raised:
            await clients.command(PAINT.address).call(request(PAINT, {"color": "red"}))
    assert len(raised.value.fields) > 100
    assert raised.value.facts["left_out"] == {"fields": 50_000 - len(raised.value.fields)}


class _Unspeakable:
    def __str__(self) -> str:
        raise RuntimeError("a secret")


class _OfNoStatus(BlossmError):
    grpc = "NO_SUCH_STATUS"


@pytest.mark.parametrize("error", [NotFound("x", facts={"it": _Unspeakable()}), _OfNoStatus("a secret")], ids=["facts", "status"])
async def test_an_error_that_can_not_be_told_is_told_by_an_id_only(error: BlossmError) -> None:
    async def says(request: Request) -> Answer:
        raise error

    with capture_logs() as logs:
        async with switchboard(commands={PAINT: Telling(says)}) as board, board.clients(SELL) as clients:
            with pytest.raises(Internal) as raised:
                await clients.command(PAINT.address).call(request(PAINT, {"color": "red"}))
    assert "secret" not in str(raised.value)
    assert [line["id"] for line in logs if line["event"] == "a call broke"] == [raised.value.facts["id"]]


async def test_what_breaks_in_the_callee_is_told_by_an_id_only() -> None:
    async def says(request: Request) -> Answer:
        raise RuntimeError("a secret")

    async with switchboard(commands={PAINT: Telling(says)}) as board, board.clients(SELL) as clients:
        with capture_logs() as logged, pytest.raises(Internal) as raised:
            await clients.command(PAINT.address).call(request(PAINT, {"color": "red"}))
    assert raised.value.message == "something broke in the callee"
    (entry,) = logged
    assert raised.value.facts == {"id": entry["id"]}
    assert repr(entry["exc_info"]) == "RuntimeError('a secret')"
