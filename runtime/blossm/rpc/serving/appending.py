"""What is to be logged, as a foreign hand may have written it: checked, and completed with what it left out.

Left out may be: id, key (then it is the id), `created`, the user request, the trace context, an event's version and
payload. What is off is named all at once, by the same paths as in process. Whether events fit their event stores is
not seen here: that is the event stores' own intake.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from blossm.core.commit import MAX_EVENTS, NOTHING, Commit, Expectation, Later, NewEvent, StoredReply, too_many_events
from blossm.core.errors import BadRequest, FieldProblem
from blossm.core.event import Tx
from blossm.core.idempotency import new_id
from blossm.core.read_set import NO_READS, ReadSet
from blossm.core.root import is_root
from blossm.core.time import normal_time, rfc3339
from blossm.model.network import Network
from blossm.ports import Clock
from blossm.procedures.intake import Intake
from blossm.rpc.envelope.commit import later_from_wire, reply_from_wire
from blossm.rpc.envelope.read_set import expectation_from_wire, reads_from_wire
from blossm.rpc.envelope.request import context_from_wire, tx_from_wire
from blossm.rpc.serving.foreign import NEWER, Problems, check_few, has_unknown
from blossm.rpc.types import Types
from blossm.rpc.v1 import event_pb2, event_store_pb2

MOST_LATER = 10_000
MOST_QUESTIONS = 10_000  # each of which the log is asked again


@dataclass(frozen=True, slots=True)
class Appending:
    """A commit to be logged, what was read for it, and what is expected."""

    commit: Commit
    reads: ReadSet
    expect: Expectation


class Appendings:
    """Reads what is to be logged in one service's log."""

    def __init__(self, *, service: str, network: Network, types: Types, clock: Clock) -> None:
        self._service = service
        self._network = network
        self._stores = network.stores_of(service)
        self._types = types
        self._clock = clock

    def taken(self, message: event_store_pb2.Appending, *, traceparent: str) -> Appending:
        """The commit, complete. Raises BadRequest, which names every field that is off."""
        problems = Problems()
        _check_few(message)
        if has_unknown(message):
            problems.add("commit", NEWER)
        if not message.HasField("commit"):
            problems.add("commit", "is required")
        reads, expect = NO_READS, NOTHING
        if message.HasField("reads"):
            with problems.at("reads"):
                reads = reads_from_wire(message.reads, at="reads")
        if message.HasField("expect"):
            with problems.at("expect"):
                expect = expectation_from_wire(message.expect, at="expect")
        commit = self._commit(message.commit, problems)
        if problems.fields:
            raise self._refused(commit, problems)
        if not commit.traceparent and traceparent:
            commit = msgspec.structs.replace(commit, traceparent=traceparent)
        return Appending(commit, reads, expect)

    def _commit(self, message: event_pb2.Commit, problems: Problems) -> Commit:
        id = message.id or new_id()
        return Commit(
            id=id,
            key=message.key or id,
            fingerprint=message.fingerprint,
            events=tuple([self._event(each, f"events[{index}]", problems) for index, each in enumerate(message.events)]),
            reply=_reply(message, problems),
            later=self._later(message, problems) if message.later else (),
            tx=_tx(message, problems),
            context=_context(message, problems) if message.context else {},
            traceparent=message.traceparent,
            created=_time(message.created, "created", problems) if message.created else rfc3339(self._clock.now()),
        )

    def _event(self, message: event_pb2.Event, at: str, problems: Problems) -> NewEvent:
        domain, name = message.domain, message.action
        store = self._stores.get(domain)
        action = store.actions.get(name) if store else None
        if action is None:  # the intake says so: what the payload is does not matter any more
            return NewEvent(domain, message.root, name, message.version, {})
        payload: dict[str, Any] = {}
        if message.HasField("payload"):
            path = f"{at}.payload"
            with problems.at(path):
                codec = self._types.event(self._service, domain, name)
                payload = self._types.unpack(codec, message.payload, strict=True, at=path)
        return NewEvent(domain, message.root, name, message.version or action.version, payload)

    def _later(self, message: event_pb2.Commit, problems: Problems) -> tuple[Later, ...]:
        later: tuple[Later, ...] = ()
        with problems.at("later"):
            later = later_from_wire(message, at="later")
        for index, each in enumerate(message.later):
            at = f"later[{index}]"
            if each.address not in self._network.commands:
                problems.add(f"{at}.address", f"there is no command {each.address}")
            if each.root and not is_root(each.root):
                problems.add(f"{at}.root", "must be a UUID in lower case")
            _time(each.at, f"{at}.at", problems)
        return later

    def _refused(self, commit: Commit, problems: Problems) -> BadRequest:
        """With what the intake has to say about the events whose payloads could be read."""
        paths = [field.path.partition(".payload") for field in problems.fields]
        unread = tuple(event + payload for event, payload, _ in paths if payload and event.startswith("events["))
        fields: list[FieldProblem] = list(problems.fields)
        try:
            self._intake.taken(commit.events)
        except BadRequest as error:
            fields += [field for field in error.fields if not field.path.startswith(unread)]
        return BadRequest("the commit is off", fields=fields, facts=problems.facts)

    @cached_property
    def _intake(self) -> Intake:
        return Intake(service=self._service, stores=self._stores)


def _check_few(message: event_store_pb2.Appending) -> None:
    if (events := len(message.commit.events)) > MAX_EVENTS:
        raise too_many_events(events)
    check_few(len(message.commit.later), "later", most=MOST_LATER)
    if message.HasField("reads"):
        check_few(len(message.reads.questions), "reads.questions", most=MOST_QUESTIONS)
        check_few(len(message.reads.roots), "reads.roots")
    if message.HasField("expect"):
        check_few(len(message.expect.roots), "expect.roots")


def _reply(message: event_pb2.Commit, problems: Problems) -> StoredReply:
    if not message.HasField("reply"):
        return StoredReply()
    reply = message.reply
    if reply.status and not 200 <= reply.status <= 599:
        problems.add("reply.status", "must be a status as HTTP has them, from 200 to 599")
    with problems.at("reply"):
        return reply_from_wire(reply, at="reply")
    return StoredReply()


def _tx(message: event_pb2.Commit, problems: Problems) -> Tx:
    with problems.at("tx"):
        tx = tx_from_wire(message.tx, at="tx")
        return tx if tx.id else msgspec.structs.replace(tx, id=new_id())
    return Tx("")


def _context(message: event_pb2.Commit, problems: Problems) -> dict[str, str]:
    with problems.at("context"):
        return context_from_wire(message.context, at="context")
    return {}


def _time(text: str, at: str, problems: Problems) -> str:
    """The time as the log writes it."""
    try:
        return normal_time(text)
    except (ValueError, OverflowError):
        problems.add(at, "must be a time like 2026-01-31T12:00:00Z")
        return text
