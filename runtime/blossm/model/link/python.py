"""What the user's modules define, seen without importing them."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from blossm.model.diagnostics import Findings
from blossm.model.source import read_text

Shape_ = Literal["function", "generator", "async generator", "other"]


@dataclass(frozen=True, slots=True)
class Module:
    """The names at a module's top level. `open`: more names may be there than can be seen."""

    names: dict[str, Shape_] = field(default_factory=dict)
    open: bool = False

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
            return Module(open=True)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an invalid escape in the user's code is not ours to tell
                tree = ast.parse(source.text)
        except SyntaxError as error:
            spot = source.spot(error.lineno or 1, error.offset or 1)
            self._findings.add("B203", f"this is not Python: {error.msg}", spot)
            return Module(open=True)
        except (ValueError, RecursionError, MemoryError):  # NUL characters, and nesting beyond all reason
            self._findings.add("B203", "this is not Python that can be read", source.spot(1, 1))
            return Module(open=True)
        names = dict(_definitions(tree.body))
        return Module(names, open="*" in names or "__getattr__" in names)


def _definitions(body: Iterable[ast.stmt]) -> Iterator[tuple[str, Shape_]]:
    """The names that statements define, also those inside of `if`, `try`, `with` and loops."""
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name):
                yield name, "generator" if _yields(statement) else "function"
            case ast.AsyncFunctionDef(name=name):
                yield name, "async generator" if _yields(statement) else "function"
            case ast.ClassDef(name=name):
                yield name, "other"
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                yield from (((alias.asname or alias.name).partition(".")[0], "other") for alias in aliases)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                stored = (node for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
                yield from ((node.id, "other") for node in stored)
            case _:
                for block in ("body", "orelse", "finalbody", "handlers", "cases"):
                    yield from _definitions(_statements(getattr(statement, block, [])))


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
