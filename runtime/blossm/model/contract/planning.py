"""What `blossm proto` has to write and to remove, so that the committed files are the contract."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from blossm.model.contract.committed import FOLDER, Committed
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


Does = Literal["add", "change", "leave", "remove"]


@dataclass(frozen=True, slots=True)
class Step:
    """One file: what happens to it. `path` is relative to the network's root; `text` is what is to be in it."""

    path: str
    does: Does
    text: str = ""


def steps(root: Path, files: Iterable[File], old: Committed) -> list[Step]:
    """Every file of the contract and of the platform, by path. Removed are only files that `blossm proto` wrote."""
    due = {file.path: proto_text(file) for file in files} | platform_files()
    if not (root / FOLDER / BUF).exists():
        due[BUF] = BUF_TEXT
    found = [_step(root, path, text) for path, text in due.items()]
    gone = [Step(f"{FOLDER}/{path}", "remove") for path in old.texts.keys() - due.keys()]
    return sorted([*found, *gone], key=lambda step: step.path)


def _step(root: Path, path: str, text: str) -> Step:
    try:
        was = (root / FOLDER / path).read_bytes().replace(b"\r\n", b"\n")
    except FileNotFoundError:
        return Step(f"{FOLDER}/{path}", "add", text)
    return Step(f"{FOLDER}/{path}", "leave" if was == text.encode() else "change", text)
