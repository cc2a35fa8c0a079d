"""What `blossm proto` has to write and to remove, so that the committed files are the contract."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from blossm.model.contract.committed import FOLDER, Committed, plain
from blossm.model.contract.shipped import platform_files
from blossm.model.contract.text import proto_text
from blossm.model.contract.tree import File

BUF = "buf.yaml"
BUF_TEXT = """\
# Written once by `blossm proto`; from then on it is yours.
version: v2
modules:
  - path: .
lint:
  use: [STANDARD]
  except: # packages are named like addresses: shop/bicycle.proto is the package shop.bicycle
    - DIRECTORY_SAME_PACKAGE
    - PACKAGE_DIRECTORY_MATCH
    - PACKAGE_VERSION_SUFFIX # an event has its version in an option
breaking:
  use: [WIRE_JSON] # what `blossm check` looks at too, and it looks at more
"""


Does = Literal["add", "change", "leave"]


@dataclass(frozen=True, slots=True)
class Step:
    """One file: what happens to it. `path` is relative to the network's root; `text` is what is to be in it."""

    path: str
    does: Does
    text: str


def steps(root: Path, files: Iterable[File], old: Committed | None) -> list[Step]:
    """Every file of the contract and of the platform, by path; buf's settings the first time."""
    due = {file.path: proto_text(file) for file in files} | platform_files()
    if old is None and not (root / FOLDER / BUF).exists():
        due[BUF] = BUF_TEXT
    return [_step(root, f"{FOLDER}/{path}", text) for path, text in sorted(due.items())]


def _step(root: Path, path: str, text: str) -> Step:
    try:
        was = plain((root / path).read_bytes())
    except FileNotFoundError:
        return Step(path, "add", text)
    return Step(path, "leave" if was == text.encode() else "change", text)
