"""What MongoDB and its driver say, as an error of ours: nothing of pymongo leaves the adapters."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    InvalidURI,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from blossm.core.errors import Unavailable

_REFUSED = {13: "may not do that", 18: "was not let in"}  # codes of the server
_ATLAS = 8000  # of its own: a wrong password, no space left …

_DUPLICATE = 11000
_NOT_WRITTEN = {2, 13, 121, _ATLAS, 10334}  # a bad value, not allowed, not valid, no space on Atlas, too large

_MEANING: tuple[tuple[type[PyMongoError], str, str], ...] = (
    (ConfigurationError, "has an address that can't be used", "look at its options"),
    (ServerSelectionTimeoutError, "can't be reached", "is it running, and does the address fit? Nothing needs to be restarted"),
    (AutoReconnect, "broke the connection off", "nothing needs to be restarted"),
)


def unavailable(error: PyMongoError, where: str) -> Unavailable:
    """What is wrong with the database `where`, and what to do."""
    what, help = next(((what, help) for kind, what, help in _MEANING if isinstance(error, kind)), ("failed", ""))
    if isinstance(error, OperationFailure) and error.code in _REFUSED:
        what, help = f"says that this user {_REFUSED[error.code]}", "see docs/infra/stores.md for what each user may do"
    elif isinstance(error, OperationFailure) and error.code == _ATLAS:
        what, help = "is refused by Atlas", "see docs/infra/stores.md for what each user may do, and whether there is space left"
    return Unavailable(f"{where} {what} ({_first_line(error)})", facts={"mongodb": type(error).__name__}, help=help)


def unusable(error: PyMongoError | ValueError) -> Unavailable:
    """What is wrong with an address. Only an error about options is told in the driver's words: others quote the address."""
    if isinstance(error, ConfigurationError) and not isinstance(error, InvalidURI):
        return unavailable(error, "MongoDB")
    return Unavailable(
        "MongoDB has an address that can't be read",
        facts={"mongodb": type(error).__name__},
        help="an address looks like mongodb://host:27017 or mongodb+srv://cluster.example; "
        "in a name or password, write / : ? # [ ] @ % as %2F %3A %3F %23 %5B %5D %40 %25",
    )


def outcome(error: PyMongoError, where: str, *, tries: int) -> Literal["taken", "unknown"]:
    """What became of an ordered insert of several documents that failed. Raises Unavailable when surely none was written.

    `tries`: how often it was sent, since the driver sends it again after some errors, and tells only the last one. Of a
    first try that went wrong nobody knows what it wrote, so a later refusal says nothing.

    A duplicate key counts also where the majority did not answer in time for what was inserted before it: the next
    majority read shows whether that is durable.
    """
    if tries == 0:
        raise unavailable(error, where) from error
    of_documents = [] if not isinstance(error, BulkWriteError) else error.details["writeErrors"]
    codes = {each["code"] for each in of_documents}
    if _DUPLICATE in codes:
        return "taken"
    if tries == 1 and _refused(error):
        raise unavailable(error, where) from error
    return "unknown"


def _refused(error: PyMongoError) -> bool:
    """Whether the server wrote nothing of an insert that it got once."""
    if isinstance(error, BulkWriteError):  # one document, in order: the first
        first = error.details["writeErrors"][:1]
        return any(each["index"] == 0 and each["code"] in _NOT_WRITTEN for each in first)
    return isinstance(error, OperationFailure) and error.code in _NOT_WRITTEN


@contextmanager
def told(where: str) -> Iterator[None]:
    """Errors of the driver within become `Unavailable`."""
    try:
        with given_up():
            yield
    except PyMongoError as error:
        raise unavailable(error, where) from error


@contextmanager
def given_up() -> Iterator[None]:
    """A connection that the driver gave up by cancelling is lost like any other: only who is cancelled is cancelled."""
    try:
        yield
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise AutoReconnect("the driver gave the connection up") from error


def _first_line(error: PyMongoError) -> str:
    """The driver adds the whole topology to what it says."""
    return str(error).partition(", Timeout:")[0].partition(", full error:")[0].splitlines()[0][:300]
