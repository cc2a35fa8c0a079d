"""The network that a test file lies in."""

from __future__ import annotations

import inspect
from functools import cache
from pathlib import Path
from types import FrameType

from blossm.model.load import load
from blossm.model.network import Network
from blossm.model.search import find_root


def caller_of(frame: FrameType | None) -> Path:
    """The file of the nearest caller outside of this package."""
    while frame is not None and frame.f_globals.get("__name__", "").startswith("blossm.testing"):
        frame = frame.f_back
    return Path(inspect.getfile(frame)) if frame else Path()


def network_of(path: Path) -> Network:
    """The network that a file or folder lies in, read once. Raises InvalidNetwork with everything that is wrong."""
    return _loaded(find_root(path if path.is_dir() else path.parent))


@cache
def _loaded(root: Path) -> Network:
    return load(root)
