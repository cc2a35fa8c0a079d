from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bson
import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from blossm.adapters.mongodb import log_documents
from blossm.adapters.mongodb.plain import PLAIN
from blossm.core.commit import MAX_BYTES, MAX_EVENTS, Commit, Later, LoggedCommit, NewEvent, StoredReply
from blossm.core.errors import Internal
from blossm.core.event import Step, Tx
from blossm.testing.contracts.log_store import AT, BLUE, RED, commit, painted, placed

LARGEST_DOCUMENT = 16 * 1024 * 1024  # of MongoDB

texts = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\0.$%"), max_size=6)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**65), 2**65)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8
)
objects = st.dictionaries(texts, values, max_size=4)


def again(logged: LoggedCommit) -> LoggedCommit:
    """Through the bytes that a server gets."""
    sent = bson.encode(log_documents.document(logged, service="shop"))
    return log_documents.logged_commit(bson.decode(sent, PLAIN))


def exact(value: Any) -> Any:
    """Tells 1 from 1.0 and True, and 0.0 from -0.0."""
    match value:
        case dict():
            return {name: exact(item) for name, item in value.items()}
        case list() | tuple():
            return [exact(item) for item in value]
        case _:
            return (type(value), repr(value))


def names(value: Any) -> Iterator[str]:
    match value:
        case dict():
            yield from value
            for item in value.values():
                yield from names(item)
        case list():
            for item in value:
                yield from names(item)


def whole(payload: dict[str, Any]) -> LoggedCommit:
    """A commit that has this object wherever it may have one."""
    made = Commit(
        id="id",
        key="key",
        fingerprint="print",
        events=(NewEvent("bicycle", RED, "painted", 3, payload), NewEvent("wheel", RED, "turned", 1, {})),
        reply=StoredReply(201, payload, RED),
        later=(Later("shop.bicycle.paint", payload, BLUE, AT),),
        tx=Tx("tx", (Step("command:a", "1", AT),), payload),
        context=dict.fromkeys(payload, "value"),
        traceparent="00-a-b-01",
        created=AT,
    )
    return placed(made)[0]


@settings(max_examples=50)
@given(objects)
@example({"deep": msgspec.json.decode(b"[" * 70 + b"]" * 70)})
@example({"a": -0.0, "b": 2**63, "c": -(2**63), "d": 2**31, "e": 1.0, "f": 1})
def test_a_commit_comes_back_exactly(payload: dict[str, Any]) -> None:
    logged = whole(payload)
    assert exact(msgspec.to_builtins(again(logged))) == exact(msgspec.to_builtins(logged))


@settings(max_examples=50)
@given(objects)
def test_no_server_gets_a_name_that_it_may_refuse(payload: dict[str, Any]) -> None:
    document = log_documents.document(whole(payload), service="shop")
    assert not [name for name in names(document) if not name or name[0] == "$" or "." in name or "\0" in name]


def test_an_ordinary_payload_is_a_document_that_can_be_asked_for() -> None:
    payload: dict[str, Any] = {"color": "red", "wheels": [1, 2.5, None], "frame": {"size": 2**40}}
    (event,) = log_documents.document(placed(commit(painted(**payload)))[0], service="shop")["events"]
    assert event == {"d": "bicycle", "r": RED, "n": 1, "a": "painted", "v": 1, "p": payload}


def test_what_is_at_its_default_takes_no_room() -> None:
    document = log_documents.document(placed(commit())[0], service="shop")
    assert document.keys() == {"_id", "service", "commit_id", "key", "at", "created", "tx", "events"}
    assert type(document["_id"]) is bson.Int64


@pytest.mark.parametrize(
    "payload",
    [{"x": [1] * 500_000}, {"x": "ä" * 500_000}, {"": [1] * 500_000}],
    ids=["digits, which grow most", "text", "a text of JSON"],
)
def test_the_largest_commit_fits_a_document(payload: dict[str, Any]) -> None:
    events = [painted(BLUE)] * (MAX_EVENTS - 1)
    logged = placed(commit(painted(**payload), *events))[0]
    assert len(msgspec.json.encode(commit(painted(**payload)))) > 0.9 * MAX_BYTES
    assert len(bson.encode(log_documents.document(logged, service="shop"))) < LARGEST_DOCUMENT / 2
    assert again(logged) == logged


@pytest.mark.parametrize(
    "change",
    [{"events": None}, {"events": [{"d": "bicycle"}]}, {"tx": "{"}, {"tx": {}}, {"reply": {"status": "x"}}],
    ids=str,
)
def test_what_is_no_commit_is_told_with_its_position(change: dict[str, Any]) -> None:
    document = log_documents.document(placed(commit(), at=7)[0], service="shop") | change
    with pytest.raises(Internal, match="position 7") as told:
        msgspec.json.encode(log_documents.logged_commit(document))
    assert told.value.facts == {"position": 7}
