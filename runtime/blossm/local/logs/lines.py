"""A log as lines of JSON: a header, then a commit a line, in order.

    {"format":"blossm-log","version":1,"network":"city.example","service":"shop"}
    {"position":1,"committed":"2025-01-01T00:00:00.000000Z","numbers":[1,1],"commit":{"id":…,"key":…,"events":[…],…}}

The same log makes the same bytes, from whatever store it comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from blossm.core.commit import MAX_BYTES, LoggedCommit
from blossm.core.errors import BlossmError

FORMAT = "blossm-log"
VERSION = 1
MAX_LINE = 16 * 1024 * 1024  # bytes: a commit has 1 MiB at most, and some more around it


class FileRefused(BlossmError):
    """A file that can't be read as an export, or may not be written. Nothing was changed."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Whose log it is."""

    format: str = FORMAT
    version: int = VERSION
    network: str
    service: str


_encode = msgspec.json.Encoder().encode
_commit = msgspec.json.Decoder(LoggedCommit)
_header = msgspec.json.Decoder(Header)
_json = msgspec.json.Decoder()


def line_of(what: Header | LoggedCommit) -> bytes:
    return _encode(what) + b"\n"


def header_of(line: bytes, *, file: str) -> Header:
    """Raises FileRefused unless it is the header of an export that this version can read."""
    try:
        header = _header.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        header = None
    if header is None or header.format != FORMAT:
        raise FileRefused(f"{file} is no export of a log", help="its first line is the header that `blossm log export` writes")
    if header.version != VERSION:
        raise FileRefused(
            f"{file} has format {header.version}, and this version of Blossm knows {VERSION}",
            help="use the version of Blossm that wrote it",
        )
    return header


def commit_of(line: bytes) -> LoggedCommit:
    """The commit of a line. Raises ValueError that says what is wrong with it."""
    try:
        logged = _commit.decode(line)
        if line_of(logged) != line and (lost := next(_lost(_json.decode(line), msgspec.to_builtins(logged), ""), None)):
            raise ValueError(f"nobody knows what `{lost}` is")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"it is no commit: {error}") from error
    except RecursionError as error:
        raise ValueError("it is no commit: it is nested too deep") from error
    if len(line) > MAX_BYTES and (size := len(_encode(logged.commit))) > MAX_BYTES:
        raise ValueError(f"a commit may have {MAX_BYTES} bytes, this one has {size}")
    return logged


def _lost(given: Any, known: Any, path: str) -> Iterator[str]:
    """The paths of what was given and is not among what is known."""
    if isinstance(given, dict):
        for name, value in given.items():
            here = f"{path}.{name}".removeprefix(".")
            if name not in known:
                yield here
            else:
                yield from _lost(value, known[name], here)
    elif isinstance(given, list):
        for index, (value, other) in enumerate(zip(given, known, strict=False)):
            yield from _lost(value, other, f"{path}[{index}]")
