"""Commits and events: before and after they have their place in the log, and what an append is answered."""

from __future__ import annotations

from typing import Any

from blossm.core.commit import Appended, Commit, Later, LoggedCommit, NewEvent, StoredReply
from blossm.core.errors import Internal
from blossm.core.event import Aggregate, LoggedEvent
from blossm.rpc.envelope.json_text import json_from_wire, json_to_wire, object_from_wire
from blossm.rpc.envelope.request import refs_from_wire, refs_to_wire, tx_from_wire, tx_to_wire
from blossm.rpc.types import Types
from blossm.rpc.v1 import event_pb2, event_store_pb2


class Commits:
    """The commits and events of one service's log, with payloads and states in the service's own types.

    What is read here was logged or is of ours: what a foreign hand wrote goes through `serving.appending`.
    """

    def __init__(self, types: Types, *, service: str) -> None:
        self._types = types
        self._service = service

    def commit_to_wire(self, commit: Commit) -> dict[str, Any]:
        """Raises TypeError and ValueError for what is no JSON."""
        message: dict[str, Any] = {
            "id": commit.id,
            "key": commit.key,
            "fingerprint": commit.fingerprint,
            "events": [self._event_to_wire(event) for event in commit.events],
            "reply": reply_to_wire(commit.reply),
            "tx": tx_to_wire(commit.tx),
            "context": commit.context,
            "traceparent": commit.traceparent,
            "created": commit.created,
        }
        if commit.later:
            message["later"] = [
                {"address": each.address, "payload": json_to_wire(each.payload), "root": each.root, "at": each.at}
                for each in commit.later
            ]
        return message

    def commit_from_wire(self, message: event_pb2.Commit) -> Commit:
        events = tuple([self._event_from_wire(event) for event in message.events])
        return Commit(
            id=message.id,
            key=message.key,
            fingerprint=message.fingerprint,
            events=events,
            reply=reply_from_wire(message.reply),
            later=later_from_wire(message) if message.later else (),
            tx=tx_from_wire(message.tx),
            context=dict(message.context) if message.context else {},
            traceparent=message.traceparent,
            created=message.created,
        )

    def logged_to_wire(self, logged: LoggedCommit) -> dict[str, Any]:
        return {
            "position": logged.position,
            "committed": logged.committed,
            "numbers": logged.numbers,
            "commit": self.commit_to_wire(logged.commit),
        }

    def logged_from_wire(self, message: event_pb2.LoggedCommit) -> LoggedCommit:
        """Raises Unavailable where an event's type is one that this process does not know yet."""
        return LoggedCommit(
            position=message.position,
            committed=message.committed,
            numbers=tuple(message.numbers),
            commit=self.commit_from_wire(message.commit),
        )

    def event_to_wire(self, event: LoggedEvent) -> dict[str, Any]:
        return {
            "id": event.id,
            "event": self._event_to_wire(event),
            "service": event.service,
            "network": event.network,
            "number": event.number,
            "position": event.position,
            "created": event.created,
            "committed": event.committed,
            "context": event.context,
            "tx": tx_to_wire(event.tx),
        }

    def event_from_wire(self, message: event_store_pb2.LoggedEvent) -> LoggedEvent:
        """Raises Unavailable where the event's type is one that this process does not know yet."""
        event = self._event_from_wire(message.event)
        return LoggedEvent(
            id=message.id,
            domain=event.domain,
            service=message.service,
            network=message.network,
            root=event.root,
            action=event.action,
            version=event.version,
            number=message.number,
            position=message.position,
            created=message.created,
            committed=message.committed,
            payload=event.payload,
            context=dict(message.context) if message.context else {},
            tx=tx_from_wire(message.tx),
        )

    def aggregate_to_wire(self, domain: str, aggregate: Aggregate) -> dict[str, Any]:
        return {
            "root": aggregate.root,
            "number": aggregate.number,
            "position": aggregate.position,
            "state": self._types.pack(
                self._types.state(self._service, domain), aggregate.state, at="state", otherwise=Internal
            ),
        }

    def aggregate_from_wire(self, domain: str, message: event_store_pb2.Aggregate) -> Aggregate:
        codec = self._types.state(self._service, domain)
        state = self._types.unpack(codec, message.state, strict=False, at="state")
        return Aggregate(message.root, state, message.number, message.position)

    def _event_to_wire(self, event: NewEvent | LoggedEvent) -> dict[str, Any]:
        domain, action = event.domain, event.action
        return {
            "domain": domain,
            "root": event.root,
            "action": action,
            "version": event.version,
            "payload": self._types.pack(self._types.event(self._service, domain, action), event.payload),
        }

    def _event_from_wire(self, message: event_pb2.Event) -> NewEvent:
        domain, action = message.domain, message.action
        codec = self._types.event(self._service, domain, action)
        payload = self._types.unpack(codec, message.payload, strict=False, at="payload")
        return NewEvent(domain, message.root, action, message.version, payload)


def reply_to_wire(reply: StoredReply) -> dict[str, Any]:
    message: dict[str, Any] = {"status": reply.status, "root": reply.root}
    if reply.response is not None:
        message["response"] = json_to_wire(reply.response)
    if reply.earlier:
        message["earlier"] = refs_to_wire(reply.earlier)
    return message


def reply_from_wire(message: event_pb2.Reply, *, at: str = "") -> StoredReply:
    """The reply; a status of 0, which no request is answered with, is one that was left out."""
    return StoredReply(
        message.status or 200,
        json_from_wire(message.response, at=at and f"{at}.response") if message.HasField("response") else None,
        message.root,
        refs_from_wire(message.earlier) if message.earlier else (),
    )


def later_from_wire(message: event_pb2.Commit, *, at: str = "") -> tuple[Later, ...]:
    """What a commit wants to be called later."""
    return tuple(
        Later(each.address, object_from_wire(each.payload, at=at and f"{at}[{index}].payload"), each.root, each.at)
        for index, each in enumerate(message.later)
    )


def appended_to_wire(appended: Appended) -> dict[str, Any]:
    return {
        "events": refs_to_wire(appended.events),
        "committed": appended.committed,
        "reply": reply_to_wire(appended.reply),
        "known": appended.repeated,
    }


def appended_from_wire(message: event_store_pb2.Appended) -> Appended:
    return Appended(refs_from_wire(message.events), message.committed, reply_from_wire(message.reply), message.known)
