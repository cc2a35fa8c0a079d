"""The contract that was committed: `protos/**` → the same tree that `blossm proto` wrote, or what is wrong with a file."""

from __future__ import annotations

import os
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
PLATFORM = "blossm"  # the folder in it with the platform's own files
MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Committed:
    """What was committed: the files that can be read, their texts by path, and where each message stands."""

    files: tuple[File, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, tuple[str, int, int]] = field(default_factory=dict)  # full name → path, where, how long

    def spot(self, full_name: str) -> Spot:
        """Where a message of one of the files is named."""
        path, at, length = self.places[full_name]
        return spot_in(self.texts[path], f"{FOLDER}/{path}", at, length)


def committed(root: Path, findings: Findings) -> Committed | None:
    """The contract below a network's root; None where none was ever written. What can't be read is told as B702."""
    files: list[File] = []
    texts: dict[str, str] = {}
    places: dict[str, tuple[str, int, int]] = {}
    for path in ours(root, findings):
        text = _text(path, root, findings)
        if text is None:
            continue
        name = _relative(path, root)
        texts[name] = text
        try:
            understood = Understood(declared(text), name)
            files.append(understood.file())
        except NotAContract as error:
            spot = spot_in(text, _shown(path, root), error.at, error.length)
            findings.add("B702", error.message, spot, help=_help(spot.snippet))
        else:
            places |= {full_name: (name, at, length) for full_name, (at, length) in understood.places.items()}
    return Committed(tuple(files), texts, places) if texts else None


def ours(root: Path, findings: Findings) -> Iterator[Path]:
    """The generated files of a network's own contract, in the order of their paths."""
    folder = root / FOLDER
    if not folder.is_dir():
        return
    for here, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if not name.startswith(".") and Path(here, name) != folder / PLATFORM)
        for name in sorted(files):
            path = Path(here, name)
            if name.endswith(".proto") and is_generated(path, root, findings):
                yield path


def is_generated(path: Path, root: Path, findings: Findings) -> bool:
    """Whether `blossm proto` wrote a file, by its first line."""
    try:
        with path.open("rb") as stream:
            return stream.read(len(GENERATED)) == GENERATED.encode()
    except OSError as error:
        findings.add("B702", f"this file can't be read: {error.strerror or error}", Spot(Place(_shown(path, root), 1, 1)))
        return False


def spot_in(text: str, file: str, at: int, length: int = 1) -> Spot:
    """A piece of a file's text, with its line."""
    begin = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    snippet = text[begin : end if end >= 0 else len(text)].rstrip("\r")
    return Spot(Place(file, text.count("\n", 0, at) + 1, at - begin + 1), length, snippet[:400])


def _text(path: Path, root: Path, findings: Findings) -> str | None:
    nowhere = Spot(Place(_shown(path, root), 1, 1))
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        findings.add("B702", f"this file can't be read: {error.strerror or error}", nowhere)
        return None
    if len(data) > MAX_BYTES:
        findings.add("B702", "this file is larger than 16 MiB", nowhere, help=_RESTORE)
        return None
    try:
        return data.decode().replace("\r\n", "\n")  # as version control may have written it
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        place = spot_in(before, nowhere.place.file, len(before)).place
        message = f"this file is not UTF-8: byte 0x{data[error.start]:02x} can't be read"
        findings.add("B702", message, Spot(place), help=_RESTORE)
        return None


_RESTORE = "take the file back from version control, and run `blossm proto`"


def _help(line: str) -> str:
    if line.startswith(("<<<<<<<", "=======", ">>>>>>>", "|||||||")):
        return "settle the merge: keep what both sides added, each field with a number of its own; then run `blossm proto`"
    return _RESTORE


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root / FOLDER).as_posix()


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
