"""blossm.yaml as text and as documents: every value keeps its place, and bad input is a problem, never an exception.

YAML 1.2 core, except that a number with a leading zero is text: `NO`, `1:30` and `012` are what they look like.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from blossm.model.diagnostics import Findings, Spot
from blossm.model.network import Place

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
MAX_VALUES = 200_000  # with aliases expanded

Path_: TypeAlias = tuple[str | int, ...]

_BREAKS = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_TAG = "tag:yaml.org,2002:"
_PLAIN = (  # plain scalars, by what they match; the rest is text
    ("null", re.compile(r"(?:~|null|Null|NULL|)\Z")),
    ("bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")),
    ("int", re.compile(r"(?:[-+]?(?:0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+)\Z")),
    ("float", re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")),
    ("float", re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")),
)
_NOT_TEXT = frozenset("~nNtTfF+-.0123456789")  # how a plain scalar begins that may match


@dataclass(slots=True)
class Source:
    """One file's text, cut into lines."""

    file: str  # relative to the network's root, with slashes
    text: str
    lines: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = _BREAKS.split(self.text)

    def spot(self, line: int, column: int, *, length: int = 1) -> Spot:
        """A piece of a line; line and column from 1."""
        snippet = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return Spot(Place(self.file, line, column), max(1, length), snippet)


@dataclass(slots=True)
class Document:
    """One YAML document: plain data, and where each piece of it stands."""

    source: Source
    node: Node
    data: Any

    @property
    def file(self) -> str:
        return self.source.file

    @property
    def folder(self) -> str:
        """The folder of the file, relative to the network's root: empty at the root, else without a slash at the end."""
        return self.file.rpartition("/")[0]

    def at(self, *path: str | int) -> Any:
        """The data at a path that is there."""
        value = self.data
        for step in path:
            value = value[step]
        return value

    def value(self, *path: str | int) -> Spot:
        """Where the value at `path` stands, or the nearest thing around it that is there."""
        return self._spot(self._walk(path)[1])

    def key(self, *path: str | int) -> Spot:
        """Where the key of the value at `path` stands; an item of a list has none, so it is its value's."""
        key, value = self._walk(path)
        return self._spot(key or value)

    def _walk(self, path: Path_) -> tuple[Node | None, Node]:
        key: Node | None = None
        node = self.node
        for step in path:
            found = _step(node, step)
            if found is None:
                break
            key, node = found
        return key, node

    def _spot(self, node: Node) -> Spot:
        start, end = node.start_mark, node.end_mark or node.start_mark  # a node that is being read has no end yet
        line = self.source.lines[start.line] if start.line < len(self.source.lines) else ""
        until = end.column if end.line == start.line else len(line.rstrip())
        return self.source.spot(start.line + 1, start.column + 1, length=until - start.column)


def _step(node: Node, step: str | int) -> tuple[Node | None, Node] | None:
    if isinstance(node, MappingNode):
        pairs = [(key, value) for key, value in node.value if isinstance(key, ScalarNode)]
        exact = (pair for pair in pairs if pair[0].value == step)
        return next(exact, None) or next((pair for pair in pairs if pair[0].value.replace("-", "_") == step), None)
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    return None


def read_text(path: Path, file: str, findings: Findings) -> Source | None:
    """The text of a file, or None and a problem."""
    nowhere = Spot(Place(file, 1, 1))
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        findings.add("B003", f"this file can't be read: {error.strerror or error}", nowhere)
        return None
    if len(data) > MAX_BYTES:
        findings.add("B005", "this file is larger than 1 MiB", nowhere, help="split it into several folders")
        return None
    try:
        return Source(file, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        lines = _BREAKS.split(before)
        findings.add(
            "B003",
            f"this file is not UTF-8: byte 0x{data[error.start]:02x} can't be read",
            Spot(Place(file, len(lines), len(lines[-1]) + 1)),
            help="save it as UTF-8",
        )
        return None


def documents(source: Source, findings: Findings) -> Iterator[Document]:
    """The documents of a file, up to the first place that can't be read. Empty ones are left out."""
    values = _Values(source, findings)
    try:
        loader = _Loader(source.text)
        while loader.check_node():
            node: Node = loader.get_node()  # type: ignore[assignment]  # there is one, says check_node
            document = Document(source, node, None)
            values.document = document
            document.data = values.of(node)
            if document.data is not None:
                yield document
    except _Refused as refused:
        findings.add("B005", str(refused), Document(source, refused.node, None).value())
    except yaml.MarkedYAMLError as error:
        problem = error.problem or error.context or ""
        spot = _syntax_spot(source, error)
        findings.add("B002", f"this is not YAML: {problem}", spot, help=_syntax_help(problem, spot))
    except yaml.reader.ReaderError as error:
        findings.add("B002", "this is not YAML: a character that may not stand in it", _reader_spot(source, error))


# What the parser misses is somewhere after the thing that it was in the middle of, which is what people look for.
_BEGUN = ("did not find expected ',' or", "could not find expected ':'", "found unexpected end of stream")
_HELP = (
    ("did not find expected ',' or", "it is not closed, or a comma is missing"),
    ("could not find expected ':'", "a key is followed by a colon and a space: `name: paint`"),
    ("found unexpected end of stream", "the quote is not closed"),
    ("mapping values are not allowed", "is this line indented like the lines around it?"),
    ("did not find expected key", "is this line indented like the lines around it?"),
    ("did not find expected '-' indicator", "is this line indented like the lines around it?"),
    ("found character that cannot start any token", "in quotes it is a text"),
)


def _syntax_spot(source: Source, error: yaml.MarkedYAMLError) -> Spot:
    """Where the parser stumbled; or what it was in the middle of, where that says more or it stumbled over the end."""
    marks = [error.problem_mark, error.context_mark]
    if (error.problem or "").startswith(_BEGUN):
        marks.reverse()
    spots = [source.spot(mark.line + 1, mark.column + 1) for mark in marks if mark]
    return next((spot for spot in spots if spot.snippet.strip()), spots[0] if spots else source.spot(1, 1))


def _syntax_help(problem: str, spot: Spot) -> str:
    before = spot.snippet[: spot.place.column - 1]
    if "\t" in spot.snippet[: len(spot.snippet) - len(spot.snippet.lstrip())]:
        return "YAML is indented with spaces, not with tabs"
    if problem.startswith("mapping values") and ": " in before:
        return "a text with `: ` in it stands in quotes"
    return next((help for begin, help in _HELP if problem.startswith(begin)), "")


def _reader_spot(source: Source, error: yaml.reader.ReaderError) -> Spot:
    position = next((at for at, one in enumerate(source.text) if ord(one) == error.character), 0)
    lines = _BREAKS.split(source.text[:position])
    spot = source.spot(len(lines), len(lines[-1]) + 1)
    return Spot(spot.place)  # the line itself would not print


class _Refused(Exception):
    """A file that would take too much to read."""

    def __init__(self, message: str, node: Node) -> None:
        super().__init__(message)
        self.node = node


class _Loader(yaml.CSafeLoader):
    """PyYAML's composer with our reading of plain scalars, and a bound on nesting (the composer recurses)."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def descend_resolver(self, parent: Node | None, index: Any) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH and parent is not None:
            raise _Refused(f"nested deeper than {MAX_DEPTH}", parent)

    def ascend_resolver(self) -> None:
        self._depth -= 1

    def resolve(self, kind: type[Node], value: Any, implicit: Any) -> str:
        if kind is MappingNode:
            return _TAG + "map"
        if kind is SequenceNode:
            return _TAG + "seq"
        if implicit[0] and (not value or value[0] in _NOT_TEXT):
            for name, pattern in _PLAIN:
                if pattern.match(value):
                    return _TAG + name
        return _TAG + "str"


class _Values:
    """Nodes → plain data, with aliases expanded up to a bound."""

    document: Document

    def __init__(self, source: Source, findings: Findings) -> None:
        self._source = source
        self._findings = findings
        self._count = 0
        self._open: set[int] = set()  # the nodes around the current one

    def of(self, node: Node) -> Any:
        self._count += 1
        if self._count > MAX_VALUES:
            raise _Refused(f"more than {MAX_VALUES:,} values, with aliases expanded", node)
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        if id(node) in self._open:
            raise _Refused("an alias that contains itself", node)
        if len(self._open) >= MAX_DEPTH:
            raise _Refused(f"nested deeper than {MAX_DEPTH}, with aliases expanded", node)
        self._open.add(id(node))
        value = self._mapping(node) if isinstance(node, MappingNode) else self._sequence(node)
        self._open.discard(id(node))
        return value

    def _sequence(self, node: Node) -> Any:
        if node.tag != _TAG + "seq":
            return self._refuse(node, f"the tag `{node.tag}` is not read here")
        return [self.of(item) for item in node.value]

    def _mapping(self, node: MappingNode) -> Any:
        if node.tag != _TAG + "map":
            return self._refuse(node, f"the tag `{node.tag}` is not read here")
        values: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self._refuse(key, "a key must be text")
            elif key.tag != _TAG + "str":
                self._refuse(key, f"a key must be text, and `{key.value}` is not", help=f'write `"{key.value}"`')
            elif key.value in values:
                second = key.value == "procedure" and len(self._open) == 1
                help = "a document defines one procedure: put `---` before the second one" if second else ""
                self._findings.add("B004", f"the key `{key.value}` stands here twice", self._spot(key), help=help)
                if second:
                    break  # what follows is of the second one
            else:
                values[key.value] = self.of(value)
        return values

    def _scalar(self, node: ScalarNode) -> Any:
        text: str = node.value
        match node.tag.removeprefix(_TAG):
            case "str":
                return text
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int" | "float" as kind:
                return self._number(node, text, kind)
        return self._refuse(node, f"the tag `{node.tag}` is not read here")

    def _number(self, node: ScalarNode, text: str, kind: str) -> Any:
        try:
            number = float(text.replace(".inf", "inf").replace(".nan", "nan")) if kind == "float" else int(text, 0)
        except ValueError:  # an explicit tag on something else, or more digits than anybody means
            return self._refuse(node, f"`{text[:40]}` is no number that can be read here")
        if isinstance(number, int) and not -(2**63) <= number < 2**63:
            return self._refuse(node, "numbers beyond 64 bits are not read", help="in quotes it is text")
        if isinstance(number, float) and not math.isfinite(number):
            return self._refuse(node, f"`{text[:40]}` is no number that can be stored")
        return number

    def _refuse(self, node: Node, message: str, *, help: str = "") -> None:
        self._findings.add("B006", message, self._spot(node), help=help)

    def _spot(self, node: Node) -> Spot:
        return Document(self._source, node, None).value()
