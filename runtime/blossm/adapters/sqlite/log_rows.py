"""Commits and events as rows of a log, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import apsw
import msgspec

from blossm.core.commit import Commit, Later, LoggedCommit, NewEvent, StoredReply, event_id_prefix
from blossm.core.errors import Internal
from blossm.core.event import LoggedEvent, Tx

Row = tuple[Any, ...]

TABLES = """
CREATE TABLE log (service TEXT NOT NULL) STRICT;
CREATE TABLE commits (
    position INTEGER PRIMARY KEY,  -- of its first event
    events INTEGER NOT NULL,       -- how many
    bytes INTEGER NOT NULL,        -- of its JSON here
    id TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    committed TEXT NOT NULL,
    about TEXT NOT NULL            -- JSON: reply, tx, context …
) STRICT;
CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    "commit" INTEGER NOT NULL,     -- the position of its commit
    domain TEXT NOT NULL,
    root TEXT NOT NULL,
    number INTEGER NOT NULL,
    action TEXT NOT NULL,
    version INTEGER NOT NULL,
    payload TEXT NOT NULL,         -- JSON
    UNIQUE (domain, root, number)
) STRICT;
CREATE INDEX events_of_domain ON events (domain, position);
"""

INSERT_COMMIT = "INSERT INTO commits VALUES (?, ?, ?, ?, ?, ?, ?)"
INSERT_EVENT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_COMMIT = "SELECT position, events, bytes, id, key, committed, about FROM commits"
COMMITS_FROM = f"{_COMMIT} WHERE position >= ? AND position < ? ORDER BY position LIMIT ?"
COMMITS_AT = f"{_COMMIT} WHERE position IN (SELECT value FROM json_each(?)) ORDER BY position"
COMMIT_OF_KEY = f"{_COMMIT} WHERE key = ?"
_EVENTS = """
SELECT position, domain, root, number, action, version, payload FROM events
WHERE position >= ? AND position < ? ORDER BY position
"""
EVENTS_OF_ROOT = """
SELECT e.position, e.number, e.action, e.version, e.payload, c.position, c.key, c.committed, c.about
FROM events e JOIN commits c ON c.position = e."commit"
WHERE e.domain = ? AND e.root = ? AND e.number > ? AND e.number <= ? AND c.committed <= ? ORDER BY e.number LIMIT ?
"""


class _About(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a commit has but events and columns."""

    fingerprint: str = ""
    reply: StoredReply = StoredReply()
    later: tuple[Later, ...] = ()
    tx: Tx
    context: dict[str, str] = {}
    traceparent: str = ""
    created: str


_encode = msgspec.json.Encoder().encode
_payload = msgspec.json.Decoder(dict[str, Any]).decode
_about = msgspec.json.Decoder(_About).decode


def rows(commits: Sequence[LoggedCommit]) -> tuple[list[Row], list[Row]]:
    """The rows of the tables `commits` and `events`."""
    of_commits: list[Row] = []
    of_events: list[Row] = []
    for logged in commits:
        commit, first = logged.commit, logged.position
        about = _encode(
            _About(
                fingerprint=commit.fingerprint,
                reply=commit.reply,
                later=commit.later,
                tx=commit.tx,
                context=commit.context,
                traceparent=commit.traceparent,
                created=commit.created,
            )
        ).decode()
        size = len(about)
        for ordinal, (event, number) in enumerate(zip(commit.events, logged.numbers, strict=True)):
            payload = _encode(event.payload).decode()
            size += len(payload)
            row = (first + ordinal, first, event.domain, event.root, number, event.action, event.version, payload)
            of_events.append(row)
        of_commits.append((first, len(commit.events), size, commit.id, commit.key, logged.committed, about))
    return of_commits, of_events


def whole(connection: apsw.Connection, of_commits: Sequence[Row]) -> Iterator[LoggedCommit]:
    """The commits of these rows, with their events. Raises Internal where one is missing or can't be read."""
    for run in _runs(of_commits):
        first, end = run[0][0], run[-1][0] + run[-1][1]
        of_events = connection.execute(_EVENTS, (first, end))
        for position, events, _, id, key, committed, about in run:
            try:
                found = list(islice(of_events, max(0, events)))
                if not found or len(found) != events or found[0][0] != position or found[-1][0] != position + events - 1:
                    raise hole(position, f"its {events} events are not all there")
                logged = _commit(position, id, key, committed, _about(about), found)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise hole(position, f"its commit can't be read ({error})") from error
            yield logged


def events_of_root(
    rows: Iterable[Row], *, domain: str, root: str, after: int, service: str, network: str
) -> list[LoggedEvent]:
    """The events of the rows of `EVENTS_OF_ROOT`. Raises Internal where one is missing or can't be read."""
    events: list[LoggedEvent] = []
    position, last, about, prefix = 0, 0, None, ""
    try:
        for expected, row in enumerate(rows, start=after + 1):
            position, number, action, version, payload, first, key, committed, text = row
            if number != expected:
                raise hole(position, f"{domain} {root} has event {number} there, and nowhere event {expected}")
            if about is None or first != last:
                last, about, prefix = first, _about(text), event_id_prefix(service, key)
            events.append(
                LoggedEvent(
                    f"{prefix}{position - first}",
                    domain,
                    service,
                    network,
                    root,
                    action,
                    version,
                    number,
                    position,
                    about.created,
                    committed,
                    _payload(payload),
                    about.context,
                    about.tx,
                )
            )
    except msgspec.DecodeError as error:
        raise hole(position, f"it can't be read ({error})") from error
    return events


def hole(position: int, problem: str, *, next: int | None = None) -> Internal:
    """Something is missing at a position. `next`: where the next commit is, if that is known."""
    return Internal(
        f"the log is damaged at position {position}: {problem}",
        facts={"position": position} | ({} if next is None else {"next": next}),
        help="stop the network, keep the file, and restore a backup",
    )


def _runs(of_commits: Sequence[Row]) -> Iterator[list[Row]]:
    """Commits that follow each other without a gap, together: their events are one range."""
    run: list[Row] = []
    for row in of_commits:
        if run and run[-1][0] + run[-1][1] != row[0]:
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _commit(position: int, id: str, key: str, committed: str, about: _About, of_events: Sequence[Row]) -> LoggedCommit:
    return LoggedCommit(
        position=position,
        committed=committed,
        numbers=tuple([row[3] for row in of_events]),
        commit=Commit(
            id=id,
            key=key,
            fingerprint=about.fingerprint,
            events=tuple([NewEvent(row[1], row[2], row[4], row[5], _payload(row[6])) for row in of_events]),
            reply=about.reply,
            later=about.later,
            tx=about.tx,
            context=about.context,
            traceparent=about.traceparent,
            created=about.created,
        ),
    )
