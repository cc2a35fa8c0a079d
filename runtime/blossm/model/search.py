"""Finding the blossm.yaml files of a network."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from blossm.model.diagnostics import Findings, InvalidNetwork, Spot
from blossm.model.network import Place
from blossm.model.source import MAX_BYTES

FILE = "blossm.yaml"
_MISNAMED = "blossm.yml"
_PASSED_OVER = frozenset({"node_modules", "__pycache__", "venv"})  # besides everything hidden
_NETWORK = re.compile(rb"^(?:\xef\xbb\xbf)?\{?[ ]*[\"']?network[\"']?[ \t]*:", re.MULTILINE)


def find_root(path: Path) -> Path:
    """The folder of the network that a path lies in: the nearest blossm.yaml upward with `network:`.

    A folder with a blossm.yaml of its own is taken where no file says `network:`, so that `load` can tell what is wrong with it.
    Raises InvalidNetwork when there is nothing at all.
    """
    start = path.resolve()
    for folder in (start, *start.parents):
        if says_network(folder / FILE):
            return folder
    if (start / FILE).is_file():
        return start  # to be told what it lacks
    findings = Findings()
    findings.add(
        "B001",
        "this lies in no network: neither here nor above is a blossm.yaml with `network:`",
        Spot(Place(str(path), 1, 1)),
        help="`blossm.yaml` in the network's folder begins with `network: shop.example`",
    )
    raise InvalidNetwork(findings.problems())


def says_network(file: Path) -> bool:
    """Whether a file has a `network:` header, by a look at its text alone."""
    try:
        with file.open("rb") as stream:
            return bool(_NETWORK.search(stream.read(MAX_BYTES)))
    except OSError:
        return False


def find_files(root: Path, findings: Findings) -> Iterator[Path]:
    """Every blossm.yaml of the network at `root`, each after those of the folders above it.

    Hidden folders and installed packages are passed over, and a folder with a network of its own with all that is below it.
    """

    def unreadable(error: OSError) -> None:
        file = Path(error.filename).relative_to(root).as_posix()
        findings.add("B003", f"this folder can't be read: {error.strerror}", Spot(Place(file, 1, 1)))

    for folder, names, files in os.walk(root, onerror=unreadable):
        here = Path(folder)
        if here != root and FILE in files and says_network(here / FILE):
            names.clear()
            continue
        names[:] = sorted(name for name in names if not name.startswith(".") and name not in _PASSED_OVER)
        if FILE in files:
            yield here / FILE
        elif _MISNAMED in files:
            place = Place((here / _MISNAMED).relative_to(root).as_posix(), 1, 1)
            findings.add("B003", "a file of this name is not read", Spot(place), help=f"rename it: `{FILE}`")
