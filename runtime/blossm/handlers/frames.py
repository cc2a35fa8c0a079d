"""What of a traceback is the user's: the frames of their files, none of ours, Python's or a package's."""

from __future__ import annotations

import sysconfig
import traceback
from dataclasses import dataclass
from pathlib import Path

import blossm

_NOT_THEIRS = tuple(
    f"{folder}/"
    for folder in {*(sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib")), str(Path(blossm.__file__).parent)}
)


_INNERMOST = 20  # frames that are told: an endless recursion has a thousand


@dataclass(frozen=True, slots=True)
class Frame:
    """A line of a user's file that was being run; `code` is its text."""

    file: str
    line: int
    function: str
    code: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line} in {self.function}" + (f": {self.code}" if self.code else "")


def user_frames(error: BaseException, *, root: Path | None = None) -> list[Frame]:
    """The user's innermost frames of an error, the innermost last; files relative to `root` where they lie below it."""
    found = [
        Frame(relative(frame.filename, root), frame.lineno or 0, frame.name, frame.line or "")
        for frame in traceback.extract_tb(error.__traceback__)
        if is_users(frame.filename)
    ]
    if isinstance(error, SyntaxError) and error.filename and is_users(error.filename):
        found.append(Frame(relative(error.filename, root), error.lineno or 0, "<module>", (error.text or "").strip()))
    return found[-_INNERMOST:]


def is_users(file: str) -> bool:
    """Whether a file is a user's: it lies in no package and not in Python itself."""
    return not file.startswith("<") and not file.startswith(_NOT_THEIRS)


def relative(file: str, root: Path | None) -> str:
    """The file as it is called from the network's root."""
    return str(Path(file).relative_to(root)) if root and Path(file).is_relative_to(root) else file
