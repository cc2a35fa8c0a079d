"""The contract that was committed: `protos/**` → the same tree that `blossm proto` wrote, or what is wrong with a file."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from blossm.model.contract.proto_syntax import declared
from blossm.model.contract.proto_tokens import NotAContract
from blossm.model.contract.text import GENERATED
from blossm.model.contract.tree import File
from blossm.model.contract.understanding import Understood
from blossm.model.diagnostics import Findings, Spot
from blossm.model.network import Place

FOLDER = "protos"
SUFFIX = ".proto"
MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Committed:
    """What was committed: the files that can be read, their texts by path, and where each message stands."""

    folder: str = FOLDER  # as it is shown
    files: tuple[File, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, tuple[str, int, int]] = field(default_factory=dict)  # full name → path, where, how long

    def spot(self, full_name: str) -> Spot:
        """Where a message of one of the files is named."""
        path, at, length = self.places[full_name]
        return spot_in(self.texts[path], f"{self.folder}/{path}", at, length)


def committed(folder: Path, shown: str, findings: Findings) -> Committed | None:
    """The contract in a folder `protos`; None where none was ever written. What can't be read is told as B702."""
    files: list[File] = []
    texts: dict[str, str] = {}
    places: dict[str, tuple[str, int, int]] = {}
    for name in _proto_files(folder, shown, findings):
        text = _text(folder / name, f"{shown}/{name}", findings)
        if text is None:
            continue
        texts[name] = text
        try:
            understood = Understood(declared(text), name)
            files.append(understood.file())
        except NotAContract as error:
            spot = spot_in(text, f"{shown}/{name}", error.at, error.length)
            findings.add("B702", error.message, spot, help=error.help or _help(spot.snippet))
        else:
            places |= {full_name: (name, at, length) for full_name, (at, length) in understood.places.items()}
    return Committed(shown, tuple(files), texts, places) if texts else None


def plain(data: bytes) -> bytes:
    """A text file's bytes without what editors and version control do to any: a mark at its beginning, and CRLF."""
    return data.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n")


def spot_in(text: str, file: str, at: int, length: int = 1) -> Spot:
    """A piece of a file's text, with its line."""
    begin = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    snippet = text[begin : end if end >= 0 else len(text)].rstrip("\r")
    return Spot(Place(file, text.count("\n", 0, at) + 1, at - begin + 1), length, snippet[:400])


def _proto_files(folder: Path, shown: str, findings: Findings) -> Iterator[str]:
    """Where a file of a contract may be, in the order of paths: packages are no deeper than `<service>.<domain>`."""
    for name in _inside(folder, shown, findings):
        if name.endswith(SUFFIX):
            yield name
        elif (folder / name).is_dir():
            inside = _inside(folder / name, f"{shown}/{name}", findings)
            yield from (f"{name}/{inner}" for inner in inside if inner.endswith(SUFFIX))


def _inside(folder: Path, shown: str, findings: Findings) -> list[str]:
    """The names in a folder, but for hidden ones."""
    try:
        return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        message = f"this folder can't be read: {error.strerror or error}"
        findings.add("B702", message, Spot(Place(shown, 1, 1)), help=_UNREADABLE)
        return []


def _text(path: Path, shown: str, findings: Findings) -> str | None:
    """The text of a file that `blossm proto` wrote, which its first line says; None of any other."""
    nowhere = Spot(Place(shown, 1, 1))
    try:
        with path.open("rb") as stream:
            data = plain(stream.read(MAX_BYTES + 1))
    except OSError as error:
        findings.add("B702", f"this file can't be read: {error.strerror or error}", nowhere)
        return None
    if not data.startswith(GENERATED.encode()):
        return None
    if len(data) > MAX_BYTES:
        findings.add("B702", "this file is larger than 16 MiB", nowhere, help=RESTORE)
        return None
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        place = spot_in(before, shown, len(before)).place
        message = f"this file is not UTF-8: byte 0x{data[error.start]:02x} can't be read"
        findings.add("B702", message, Spot(place), help=RESTORE)
        return None


_UNREADABLE = "it holds the contract: make it readable, or move what is there instead"
RESTORE = "take the file back from version control, and run `blossm proto`"
_SETTLE = "settle the merge: take the file of the side that others know already, and run `blossm proto`: it adds the rest"


def _help(line: str) -> str:
    return _SETTLE if line.startswith(("<<<<<<<", "=======", ">>>>>>>", "|||||||")) else RESTORE
