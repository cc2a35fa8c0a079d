"""Commits as documents of a log, and back, exactly.

Whole numbers are BSON's of 32 or 64 bits, other numbers its doubles, objects and lists its documents and arrays. Where
BSON, or some server that speaks the protocol, would refuse or change something, its whole object (a payload, a reply …) is
kept as a text of JSON instead, a string where others are documents: a name that is empty, begins with `$`, or has a dot or
NUL in it; a whole number beyond 64 bits; a negative zero; deep nesting.

The largest commit (1 MiB of JSON, 1,000 events) makes less than 8 MiB of BSON, of the 16 that MongoDB takes: digits in a
list, 2 bytes each in JSON, take 12.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from bson.int64 import Int64

from blossm.core.commit import Commit, Later, LoggedCommit, NewEvent, StoredReply, event_id_prefix
from blossm.core.errors import Internal
from blossm.core.event import LoggedEvent, Tx

Document = dict[str, Any]

_DEEPEST = 64  # levels of an object; MongoDB takes 100 of a document
_NAMES = 10_000  # that are remembered as harmless
_NO_REPLY = StoredReply()

_odd = re.compile(r"[.\0]|^\$|^$").search
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_harmless: set[str] = set()
_sure = frozenset({str, bool, type(None)})


def document(logged: LoggedCommit, *, service: str) -> Document:
    """The document of a commit. What is at its default is left out."""
    commit = logged.commit
    made: Document = {
        "_id": Int64(logged.position),
        "service": service,
        "commit_id": commit.id,
        "key": commit.key,
        "at": logged.committed,
        "created": commit.created,
        "tx": _kept(msgspec.to_builtins(commit.tx), commit.tx.claims),
    }
    if commit.fingerprint:
        made["fingerprint"] = commit.fingerprint
    if commit.traceparent:
        made["traceparent"] = commit.traceparent
    if commit.context:
        made["context"] = _kept(commit.context, commit.context)
    if commit.reply != _NO_REPLY:
        made["reply"] = _kept(msgspec.to_builtins(commit.reply), commit.reply.response)
    if commit.later:
        made["later"] = [_kept(msgspec.to_builtins(call), call.payload) for call in commit.later]
    made["events"] = [
        {
            "d": event.domain,
            "r": event.root,
            "n": number,
            "a": event.action,
            "v": event.version,
            "p": _kept(event.payload, event.payload),
        }
        for event, number in zip(commit.events, logged.numbers, strict=True)
    ]
    return made


def logged_commit(document: Document) -> LoggedCommit:
    """The commit of a document. Raises Internal where it is none."""
    with _readable(document):
        events = document["events"]
        return LoggedCommit(
            position=int(document["_id"]),
            committed=document["at"],
            numbers=tuple([event["n"] for event in events]),
            commit=Commit(
                id=document["commit_id"],
                key=document["key"],
                fingerprint=document.get("fingerprint", ""),
                events=tuple([NewEvent(event["d"], event["r"], event["a"], event["v"], _plain(event["p"])) for event in events]),
                reply=_reply(document),
                later=tuple([msgspec.convert(_plain(call), Later) for call in document.get("later", ())]),
                tx=msgspec.convert(_plain(document["tx"]), Tx),
                context=_plain(document.get("context", {})),
                traceparent=document.get("traceparent", ""),
                created=document["created"],
            ),
        )


def events_of_root(document: Document, domain: str, root: str, *, service: str, network: str) -> list[LoggedEvent]:
    """The events of one root. Raises Internal where the document is no commit."""
    with _readable(document):
        prefix = event_id_prefix(service, document["key"])
        tx = msgspec.convert(_plain(document["tx"]), Tx)
        first, context = document["_id"], _plain(document.get("context", {}))
        return [
            LoggedEvent(
                f"{prefix}{ordinal}",
                domain,
                service,
                network,
                root,
                event["a"],
                event["v"],
                event["n"],
                first + ordinal,
                document["created"],
                document["at"],
                _plain(event["p"]),
                context,
                tx,
            )
            for ordinal, event in enumerate(document["events"])
            if event["r"] == root and event["d"] == domain
        ]


def end(document: Document) -> int:
    """The position after the last event. Some of each event has to be in the document."""
    with _readable(document):
        return int(document["_id"]) + len(document["events"])


def last_numbers(document: Document) -> Iterator[tuple[tuple[str, str], int]]:
    """The roots of a document, and their latest numbers in it."""
    with _readable(document):
        yield from {(event["d"], event["r"]): event["n"] for event in document["events"]}.items()


def places(document: Document, domain: str) -> Iterator[tuple[str, int]]:
    """The roots of a domain's events, in order, with the positions."""
    with _readable(document):
        for position, event in enumerate(document["events"], start=int(document["_id"])):
            if event["d"] == domain:
                yield event["r"], position


def concerns(document: Document, domains: Collection[str]) -> bool:
    with _readable(document):
        return any(event["d"] in domains for event in document["events"])


def damaged(position: int, problem: str) -> Internal:
    return Internal(
        f"the log is damaged at position {position}: {problem}",
        facts={"position": position},
        help="stop the network, keep the database, and restore a backup",
    )


@contextmanager
def _readable(document: Document) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError, msgspec.MsgspecError) as error:
        position = document.get("_id")
        problem = f"what stands there is no commit ({type(error).__name__}: {error})"
        raise damaged(position if isinstance(position, int) else 0, problem) from error


def _reply(document: Document) -> StoredReply:
    reply = document.get("reply")
    return _NO_REPLY if reply is None else msgspec.convert(_plain(reply), StoredReply)


# ---------------------------------------------------------------- JSON


def _kept(value: Any, doubtful: Any) -> Any:
    """An object as it is, or as text, where what is `doubtful` in it does not fit."""
    return value if _fits(doubtful) else _encode(value).decode()


def _plain(kept: Any) -> Any:
    """What was kept."""
    return _decode(kept) if type(kept) is str else kept


def _fits(value: Any, depth: int = _DEEPEST) -> bool:
    """Whether BSON keeps a value as it is, on every server. The types are asked for in the order of their frequency."""
    kind = type(value)
    if kind in _sure:
        return True
    if kind is int:
        return bool(-(2**63) <= value < 2**63)
    if kind is dict:
        return depth > 0 and _object_fits(value, depth - 1)
    if kind is float:
        return bool(value != 0 or math.copysign(1, value) > 0)
    if kind is list or kind is tuple:
        return depth > 0 and all(type(item) in _sure or _fits(item, depth - 1) for item in value)
    return False


def _object_fits(value: dict[str, Any], depth: int) -> bool:
    for name, item in value.items():
        if name not in _harmless and not _is_harmless(name):
            return False
        if type(item) not in _sure and not _fits(item, depth):
            return False
    return True


def _is_harmless(name: str) -> bool:
    if _odd(name):
        return False
    if len(_harmless) < _NAMES:
        _harmless.add(name)
    return True
