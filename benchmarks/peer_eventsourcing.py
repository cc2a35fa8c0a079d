"""The library `eventsourcing` with its own SQLite module, as it comes: a peer for the log and for aggregates.

    .tools/peers/bin/python benchmarks/peer_eventsourcing.py FOLDER        a worker, see worker.py
"""

from __future__ import annotations

import sqlite3
import sys
from importlib.metadata import version
from pathlib import Path
from uuid import UUID, uuid4

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import StoredEvent
from worker import Clock, Taken, called, work

TEXT = "x" * 188
STATE = b'{"text": "' + TEXT.encode() + b'"}'  # 200 bytes
PAGE = 1_000


class Note(Aggregate):
    """As in the network that Blossm serves here: each event sets one text, the last one counts."""

    @event("Began")
    def __init__(self, text: str) -> None:
        self.text = text

    @event("Noted")
    def noted(self, text: str) -> None:
        self.text = text


class Notes:
    """An application over one file. What it appends below its mappers goes to a second one, as it can't be replayed."""

    def __init__(self, folder: Path) -> None:
        self._files = {name: folder / f"{name}.db" for name in ("aggregates", "appended")}
        self._app, self._appended = (_application(file) for file in self._files.values())
        self._roots: dict[int, list[UUID]] = {}

    def append(self, *, commits: int, callers: int = 1, events: int = 1) -> Taken:
        """By `insert_events`: no aggregate, no mapper, a new root each."""
        insert = self._appended.recorder.insert_events
        return called(insert, [_stored(events) for _ in range(commits)], callers=callers)

    def prepare(self, *, roots: int, events: int) -> dict[str, int]:
        """New aggregates of so many events."""
        made = [_note(events) for _ in range(roots)]
        for note in made:
            self._app.save(note)
        self._roots[events] = [note.id for note in made]
        return {"roots": roots}

    def load(self, *, events: int) -> Taken:
        """Each of these aggregates once."""
        clock = Clock()
        for root in self._roots[events]:
            note: Note = self._app.repository.get(root)
            assert note.version == events
        return clock.taken(len(self._roots[events]))

    def replay(self) -> Taken:
        """Every event of the aggregates: read, decoded, handed to a function."""
        clock, read, start, texts = Clock(), 0, 1, dict[UUID, str]()

        def noted(event: Note.Noted) -> None:
            texts[event.originator_id] = event.text

        while notifications := self._app.recorder.select_notifications(start, PAGE):
            for notification in notifications:
                noted(self._app.mapper.to_domain_event(notification))
            read += len(notifications)
            start = notifications[-1].id + 1
        return clock.taken(read)

    def size(self) -> dict[str, float]:
        """Bytes an event, when all is in the file."""
        events = self._appended.recorder.max_notification_id() or 1
        connection = sqlite3.connect(self._files["appended"])
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        connection.close()
        return {"bytes": self._files["appended"].stat().st_size / events}

    def versions(self) -> dict[str, str]:
        return {"eventsourcing": version("eventsourcing")}


def _application(file: Path) -> Application[UUID]:
    return Application(env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(file)})


def _stored(events: int) -> list[StoredEvent]:
    root = uuid4()
    return [StoredEvent(root, number, "bench:Note.Noted", STATE) for number in range(1, events + 1)]


def _note(events: int) -> Note:
    note = Note(TEXT)
    for _ in range(events - 1):
        note.noted(TEXT)
    return note


if __name__ == "__main__":
    work(Notes(Path(sys.argv[1])), "append", "prepare", "load", "replay", "size", "versions")
