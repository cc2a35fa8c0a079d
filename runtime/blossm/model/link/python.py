"""What the user's modules define, seen without importing them."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from blossm.model.diagnostics import Findings, Spot
from blossm.model.source import Source, read_text

Shape_ = Literal["function", "generator", "async generator", "other"]


class Named(NamedTuple):
    """What a module has under a name; the function itself where nothing is laid around it."""

    shape: Shape_
    function: ast.FunctionDef | ast.AsyncFunctionDef | None = None

    @property
    def waits(self) -> bool:
        return isinstance(self.function, ast.AsyncFunctionDef)

    def takes(self, count: int) -> bool:
        """Whether it can be called with so many values, as far as can be seen."""
        if self.function is None:
            return True
        takes = self.function.args
        most = len(takes.posonlyargs) + len(takes.args)
        named = any(default is None for default in takes.kw_defaults)
        return most - len(takes.defaults) <= count and (count <= most or takes.vararg is not None) and not named


@dataclass(frozen=True, slots=True)
class Module:
    """The names at a module's top level. `open`: more names may be there than can be seen."""

    source: Source
    names: dict[str, Named] = field(default_factory=dict)
    open: bool = False

    def shape(self, name: str) -> Shape_:
        return self.names[name].shape if name in self.names else "other"

    def spot(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Spot:
        """Where a function begins, with its `def`."""
        line = self.source.lines[function.lineno - 1]
        return self.source.spot(function.lineno, function.col_offset + 1, length=len(line.rstrip()) - function.col_offset)

    def has(self, name: str) -> bool:
        return self.open or name in self.names


class Modules:
    """The Python files of a network, each read once."""

    def __init__(self, root: Path, findings: Findings) -> None:
        self._root = root
        self._findings = findings
        self._modules: dict[str, Module | None] = {}

    def module(self, file: str) -> Module | None:
        """The module in a file relative to the root; None where there is no such file.

        One that is not Python is told once, and has every name.
        """
        if file not in self._modules:
            self._modules[file] = self._read(file) if (self._root / file).is_file() else None
        return self._modules[file]

    def _read(self, file: str) -> Module:
        source = read_text(self._root / file, file, self._findings)
        if source is None:
            return Module(Source(file, ""), open=True)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an invalid escape in the user's code is not ours to tell
                tree = ast.parse(source.text)
        except SyntaxError as error:
            spot = source.spot(error.lineno or 1, error.offset or 1)
            self._findings.add("B203", f"this is not Python: {error.msg}", spot)
            return Module(source, open=True)
        except (ValueError, RecursionError, MemoryError):  # NUL characters, and nesting beyond all reason
            self._findings.add("B203", "this is not Python that can be read", source.spot(1, 1))
            return Module(source, open=True)
        names = dict(_definitions(tree.body))
        return Module(source, names, open="*" in names or "__getattr__" in names)


def _definitions(body: Iterable[ast.stmt]) -> Iterator[tuple[str, Named]]:
    """The names that statements define, also those inside of `if`, `try`, `with` and loops."""
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name):
                yield name, Named("generator" if _yields(statement) else "function", _bare(statement))
            case ast.AsyncFunctionDef(name=name):
                yield name, Named("async generator" if _yields(statement) else "function", _bare(statement))
            case ast.ClassDef(name=name):
                yield name, Named("other")
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                yield from (((alias.asname or alias.name).partition(".")[0], Named("other")) for alias in aliases)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                stored = (node for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
                yield from ((node.id, Named("other")) for node in stored)
            case _:
                for block in ("body", "orelse", "finalbody", "handlers", "cases"):
                    yield from _definitions(_statements(getattr(statement, block, [])))


def _bare(function: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """A function that is what it looks like: a decorator may make anything of it."""
    return None if function.decorator_list else function


def _statements(block: Iterable[ast.AST]) -> Iterator[ast.stmt]:
    for node in block:
        if isinstance(node, ast.stmt):
            yield node
        elif isinstance(node, ast.ExceptHandler | ast.match_case):
            yield from node.body


def _yields(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function's own body yields; what is defined inside of it doesn't count."""
    inside: list[ast.AST] = list(function.body)
    while inside:
        node = inside.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            inside.extend(ast.iter_child_nodes(node))
    return False
