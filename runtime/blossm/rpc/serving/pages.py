"""Commits in messages: as many as are good to send at once, and never more than a message holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from google.protobuf.message import Message

from blossm.core.errors import PayloadTooLarge
from blossm.ports import ReadPage
from blossm.rpc.envelope.commit import Commits
from blossm.rpc.v1 import event_pb2

BATCH_EVENTS = 500
BATCH_BYTES = 2 * 1024 * 1024
MESSAGE_BYTES = 8 * 1024 * 1024

M = TypeVar("M", bound=Message)


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


def within_bound(message: M, *, help: str) -> M:
    """The message. Raises PayloadTooLarge where it is more than what a caller takes at once."""
    if (size := message.ByteSize()) > MESSAGE_BYTES:
        name = message.DESCRIPTOR.name
        facts = {"message": name, "bytes": size, "limit": MESSAGE_BYTES}
        raise PayloadTooLarge(f"the {name} has {size} bytes, and a message may have {MESSAGE_BYTES}", facts=facts, help=help)
    return message
