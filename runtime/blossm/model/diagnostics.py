"""What is wrong with a network: problems as data, and how people read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from blossm.model.codes import CODES
from blossm.model.network import Place

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Spot:
    """A piece of a source line: where it starts, how long it is, and the line itself (empty: there is none to show)."""

    place: Place
    length: int = 1
    snippet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, where, and what to do about it."""

    code: str
    message: str
    place: Place
    help: str = ""
    severity: Severity = "error"
    length: int = 1
    snippet: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The problem as plain data, for `--json`."""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "help": self.help,
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "length": self.length,
            "title": CODES[self.code],
        }


def render(problem: Problem) -> str:
    """The problem as people read it: place, code and message, then the line, a caret and the help, where there are any."""
    lines = [f"{problem.place}: {problem.severity}[{problem.code}]: {problem.message}"]
    if problem.snippet.strip():
        before = problem.snippet[: problem.place.column - 1]
        room = max(1, len(problem.snippet) - len(before))
        indent = "".join("\t" if character == "\t" else " " for character in before)
        lines += [f"  {problem.snippet}", f"  {indent}{'^' * min(problem.length, room)}"]
    if problem.help:
        lines.append(f"help: {problem.help}")
    return "\n".join(lines)


class InvalidNetwork(Exception):
    """The blossm.yaml files describe no network that could run; `problems` says all that is wrong."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n\n".join(map(render, self.problems)))


class Findings:
    """Problems as they are found."""

    def __init__(self) -> None:
        self._problems: set[Problem] = set()
        self._unread: set[Place] = set()  # values that could not be read at all

    def add(self, code: str, message: str, spot: Spot, *, help: str = "", severity: Severity = "error") -> None:
        if code not in CODES:
            raise KeyError(code)
        if spot.place in self._unread and code != "B006":
            return  # what comes of it is no second problem
        if code == "B006":
            self._unread.add(spot.place)
        self._problems.add(
            Problem(
                code=code,
                message=message,
                place=spot.place,
                help=help,
                severity=severity,
                length=spot.length,
                snippet=spot.snippet,
            )
        )

    def problems(self) -> list[Problem]:
        """All of them once, in the order of the files."""
        return sorted(
            self._problems,
            key=lambda one: (one.place.file, one.place.line, one.place.column, one.code, one.message, one.help),
        )

    def has_any(self, codes: Iterable[str], file: str) -> bool:
        return any(problem.code in codes and problem.place.file == file for problem in self._problems)

    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems() if problem.severity == "error"]


def did_you_mean(word: str, known: Iterable[str], *, there_are: str = "known here") -> str:
    """The nearest of the known words; else all of them where they are few; else nothing."""
    words = sorted(set(known))
    last = {one.rsplit(".", 1)[-1]: one for one in reversed(words)}
    if near := get_close_matches(word, words, n=1, cutoff=0.65):
        return f"did you mean `{near[0]}`?"
    if near := get_close_matches(word.rsplit(".", 1)[-1], last, n=1, cutoff=0.75):
        return f"did you mean `{last[near[0]]}`?"
    return f"{there_are}: {', '.join(f'`{one}`' for one in words)}" if 0 < len(words) <= 16 else ""
