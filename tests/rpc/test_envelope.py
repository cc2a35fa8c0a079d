"""The words of core, as messages' bytes and back: nothing is lost, added or changed, types of Python included."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rpc.served_shop import NETWORK

from blossm.core.commit import Appended, Commit, EventRef, Expectation, Later, LoggedCommit, NewEvent, StoredReply
from blossm.core.errors import BadRequest
from blossm.core.event import Aggregate, LoggedEvent, Step, Tx
from blossm.core.read_set import Question, ReadSet
from blossm.core.request import Cookie
from blossm.rpc.envelope.commit import Commits, appended_from_wire, appended_to_wire, reply_from_wire, reply_to_wire
from blossm.rpc.envelope.json_text import json_from_wire, json_to_wire, object_from_wire
from blossm.rpc.envelope.read_set import expectation_from_wire, expectation_to_wire, reads_from_wire, reads_to_wire
from blossm.rpc.envelope.request import (
    cookies_from_wire,
    cookies_to_wire,
    refs_from_wire,
    refs_to_wire,
    tx_from_wire,
    tx_to_wire,
)
from blossm.rpc.types import Types
from blossm.rpc.v1 import command_pb2, envelope_pb2, event_pb2, event_store_pb2

COMMITS = Commits(Types(NETWORK), service="shop")

words = st.text(max_size=12)
numbers = st.integers(0, 2**63 - 1)
names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | words
jsons = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=8)
objects = st.dictionaries(names, jsons, max_size=3)
texts = st.dictionaries(words, words, max_size=3)

refs = st.lists(st.builds(EventRef, words, words, words, numbers, numbers), max_size=3).map(tuple)
txs = st.builds(Tx, words, st.lists(st.builds(Step, words, words, words), max_size=3).map(tuple), objects)
replies = st.builds(StoredReply, st.integers(200, 599), jsons, words, refs)
laters = st.builds(Later, words, objects, words, words)

fitting = st.fixed_dictionaries({"color": words}, optional={"coats": st.integers(1, 2**63 - 1)})
events = st.builds(NewEvent, st.just("bicycle"), words, st.just("painted"), st.integers(0, 2), fitting) | st.builds(
    NewEvent, words | st.just("bicycle"), words, words | st.just("painted"), st.integers(0, 9), objects
)
commits = st.builds(
    Commit,
    id=words,
    key=words,
    fingerprint=words,
    events=st.lists(events, max_size=3).map(tuple),
    reply=replies,
    later=st.lists(laters, max_size=2).map(tuple),
    tx=txs,
    context=texts,
    traceparent=words,
    created=words,
)
logged = st.builds(LoggedCommit, position=numbers, committed=words, numbers=st.lists(numbers).map(tuple), commit=commits)
root_numbers = st.dictionaries(st.tuples(words, words), numbers, max_size=3)
questions = st.builds(
    Question,
    words,
    objects,
    st.dictionaries(words, numbers, max_size=3),
    st.integers(1, 99),
    st.dictionaries(words, st.tuples(st.integers(1, 5), st.integers(5, 9)), max_size=3),
)
read_sets = st.builds(ReadSet, words, numbers, root_numbers, st.lists(questions, max_size=2).map(tuple))
expectations = st.builds(Expectation, root_numbers, st.dictionaries(words, numbers, max_size=3))

few = settings(max_examples=40, deadline=None)  # many parts, each simple


def same(found: Any, value: Any) -> None:
    """Equal, and of the same types at every depth: as JSON text 1, 1.0 and true are three things."""
    assert found == value
    assert type(found) is type(value)
    assert msgspec.json.encode(found, order="sorted") == msgspec.json.encode(value, order="sorted")


@few
@given(jsons)
def test_json(value: Any) -> None:
    message = envelope_pb2.Json.FromString(envelope_pb2.Json(**json_to_wire(value)).SerializeToString())
    same(json_from_wire(message), value)
    same(json_from_wire(message, at="it"), value)


@few
@given(txs)
def test_a_user_request(tx: Tx) -> None:
    message = envelope_pb2.Tx.FromString(envelope_pb2.Tx(**tx_to_wire(tx)).SerializeToString())
    same(tx_from_wire(message), tx)
    same(tx_from_wire(message, at="tx"), tx)


@few
@given(refs)
def test_the_names_of_logged_events(events: tuple[EventRef, ...]) -> None:
    message = event_pb2.Reply.FromString(event_pb2.Reply(earlier=refs_to_wire(events)).SerializeToString())
    same(refs_from_wire(message.earlier), events)


@few
@given(replies)
def test_a_reply(reply: StoredReply) -> None:
    message = event_pb2.Reply.FromString(event_pb2.Reply(**reply_to_wire(reply)).SerializeToString())
    same(reply_from_wire(message), reply)
    same(reply_from_wire(message, at="reply"), reply)


@few
@given(read_sets)
def test_what_was_read(reads: ReadSet) -> None:
    message = event_pb2.ReadSet.FromString(event_pb2.ReadSet(**reads_to_wire(reads)).SerializeToString())
    assert reads_from_wire(message) == reads
    assert reads_from_wire(message, at="reads") == reads


@few
@given(expectations)
def test_what_is_expected(expect: Expectation) -> None:
    message = event_pb2.Expectation.FromString(event_pb2.Expectation(**expectation_to_wire(expect)).SerializeToString())
    assert expectation_from_wire(message) == expect
    assert expectation_from_wire(message, at="expect") == expect


@few
@given(commits)
def test_a_commit(commit: Commit) -> None:
    message = event_pb2.Commit.FromString(event_pb2.Commit(**COMMITS.commit_to_wire(commit)).SerializeToString())
    same(COMMITS.commit_from_wire(message), commit)


@few
@given(logged)
def test_a_commit_in_its_place(logged: LoggedCommit) -> None:
    message = event_pb2.LoggedCommit(**COMMITS.logged_to_wire(logged))
    same(COMMITS.logged_from_wire(event_pb2.LoggedCommit.FromString(message.SerializeToString())), logged)


@few
@given(st.builds(Appended, refs, words, replies, st.booleans()))
def test_what_an_append_is_answered(appended: Appended) -> None:
    message = event_store_pb2.Appended(**appended_to_wire(appended))
    same(appended_from_wire(event_store_pb2.Appended.FromString(message.SerializeToString())), appended)


@few
@given(events, words, numbers, numbers, texts, txs)
def test_an_event_with_all_that_a_reader_may_want(
    new: NewEvent, word: str, number: int, position: int, context: dict[str, str], tx: Tx
) -> None:
    event = LoggedEvent(
        id=word,
        domain=new.domain,
        service=f"{word}s",
        network=f"{word}n",
        root=new.root,
        action=new.action,
        version=new.version,
        number=number,
        position=position,
        created=f"{word}c",
        committed=f"{word}d",
        payload=new.payload,
        context=context,
        tx=tx,
    )
    message = event_store_pb2.LoggedEvent(**COMMITS.event_to_wire(event))
    same(COMMITS.event_from_wire(event_store_pb2.LoggedEvent.FromString(message.SerializeToString())), event)


@few
@given(words, fitting | objects, numbers, numbers)
def test_a_state(root: str, state: dict[str, Any], number: int, position: int) -> None:
    aggregate = Aggregate(root, state, number, position)
    message = event_store_pb2.Aggregate(**COMMITS.aggregate_to_wire("bicycle", aggregate))
    same(COMMITS.aggregate_from_wire("bicycle", event_store_pb2.Aggregate.FromString(message.SerializeToString())), aggregate)


def test_cookies() -> None:
    cookies = (Cookie(name="a", value="1"), Cookie(name="b", value="", max_age=0), Cookie(name="c", value="x", max_age=60))
    message = command_pb2.CallResponse(cookies=cookies_to_wire(cookies))
    assert cookies_from_wire(command_pb2.CallResponse.FromString(message.SerializeToString()).cookies) == cookies


def test_a_reply_without_a_status_is_one_of_200() -> None:
    assert reply_from_wire(event_pb2.Reply()) == StoredReply()


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{"a":1,"a":2}', "it.a"),
        ('{"a\\u0000":1}', "it.a\0"),
        ("18446744073709551616", "it"),
        ("9223372036854775808", "it"),
        ("1e999", "it"),
        ("NaN", "it"),
        ('"\\ud800"', "it"),
        ("[" * 65 + "]" * 65, "it" + "[0]" * 64),
    ],
)
def test_a_text_that_two_readers_could_understand_differently_is_refused(text: str, path: str) -> None:
    with pytest.raises(BadRequest) as caught:
        json_from_wire(envelope_pb2.Json(text=text), at="it")
    assert [field.path for field in caught.value.fields] == [path]


@pytest.mark.parametrize("text", ["[1]", "null", "{", '{"a":1,"a":2}', '{"a":1e999}', '{"a":18446744073709551616}'])
def test_a_foreign_hands_text_that_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        object_from_wire(envelope_pb2.Json(text=text), at="tx.claims")
    assert {field.path.partition(".a")[0] for field in caught.value.fields} == {"tx.claims"}


@pytest.mark.parametrize(
    ("reads", "path"),
    [
        ({"head": -1}, "reads.head"),
        ({"head": 1, "roots": [{"number": -1}]}, "reads.roots[0].number"),
        ({"head": 1, "roots": [{"number": 1}, {"number": 2}]}, "reads.roots[1].number"),
        ({"questions": [{"domain": "bicycle"}]}, "reads.questions[0].head"),
        ({"head": 1, "questions": [{"answer": {"a": -1}}]}, "reads.questions[0].answer.a"),
        ({"head": 1, "questions": [{"own": {"a": {"first": 2, "last": 1}}}]}, "reads.questions[0].own.a"),
        ({"head": 1, "questions": [{"where": {"color": {"text": "red"}}}]}, "reads.questions[0].where.color"),
    ],
)
def test_a_read_set_that_makes_no_sense_is_refused(reads: dict[str, Any], path: str) -> None:
    with pytest.raises(BadRequest) as caught:
        reads_from_wire(event_pb2.ReadSet(**reads), at="reads")
    assert [field.path for field in caught.value.fields] == [path]


@pytest.mark.parametrize(
    ("expect", "path"),
    [({"quiet": {"bicycle": -1}}, "expect.quiet.bicycle"), ({"roots": [{"number": -3}]}, "expect.roots[0].number")],
)
def test_an_expectation_that_makes_no_sense_is_refused(expect: dict[str, Any], path: str) -> None:
    with pytest.raises(BadRequest) as caught:
        expectation_from_wire(event_pb2.Expectation(**expect), at="expect")
    assert [field.path for field in caught.value.fields] == [path]
