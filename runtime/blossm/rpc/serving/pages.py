"""Commits in messages: as many as are good to send at once."""

from __future__ import annotations

from collections.abc import Iterator

from blossm.ports import ReadPage
from blossm.rpc.envelope.commit import Commits
from blossm.rpc.v1 import event_pb2

BATCH_EVENTS = 500
BATCH_BYTES = 2 * 1024 * 1024


def batches(page: ReadPage, commits: Commits) -> Iterator[tuple[list[event_pb2.LoggedCommit], int]]:
    """The commits of a page in batches, each with the position up to which the log is scanned by then.

    A batch has at most 500 events and 2 MiB, but a commit is whole. A page without commits is one empty batch.
    """
    batch: list[event_pb2.LoggedCommit] = []
    events = size = scanned = 0
    for logged in page.commits:
        message = event_pb2.LoggedCommit(**commits.logged_to_wire(logged))
        bytes = message.ByteSize()
        if batch and (events + len(logged.commit.events) > BATCH_EVENTS or size + bytes > BATCH_BYTES):
            yield batch, scanned
            batch, events, size = [], 0, 0
        batch.append(message)
        events += len(logged.commit.events)
        size += bytes
        scanned = logged.end - 1
    yield batch, page.scanned
