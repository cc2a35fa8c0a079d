"""Reading our own documentation: its sections, fenced blocks, tables and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parents[2]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block, and the line of text before it."""

    language: str
    text: str
    lead: str


def page(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def pages() -> list[str]:
    """Every Markdown file of the project, as a path from its root."""
    folders = [HERE / name for name in ("docs", "benchmarks", "examples", "infra")]
    found = [*HERE.glob("*.md"), *(file for folder in folders for file in folder.rglob("*.md"))]
    return sorted(file.relative_to(HERE).as_posix() for file in found)


def blocks(text: str) -> list[Block]:
    return [
        Block(match[1], match[2], text[: match.start()].rstrip().rpartition("\n")[2])
        for match in _FENCE.finditer(text)
    ]


def sections(text: str) -> dict[str, str]:
    """The text below each `## heading`, in order."""
    parts = re.split(r"^## +(.*)$\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def first_cells(text: str) -> list[str]:
    """The first cell of each row of the tables in `text`."""
    return [cells[0] for cells in rows(text)]


def rows(text: str) -> list[list[str]]:
    lines = [line.strip() for line in text.splitlines()]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line[1:-1])] for line in lines if line.startswith("|")]
    return [row for row in cells if row[0] and not set(row[0]) <= {"-", ":", " "}]


def quoted(text: str) -> list[str]:
    """What stands between backticks, in order."""
    return re.findall(r"`([^`]+)`", text)


def links(text: str) -> Iterator[str]:
    """The targets of links, without those to other sites."""
    prose = _FENCE.sub("", text)
    return (target for target in _LINK.findall(prose) if "://" not in target and not target.startswith("mailto:"))


def anchors(text: str) -> set[str]:
    """What `#…` of a link may name: the headings, as they are written into addresses."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(_FENCE.sub("", text))}
