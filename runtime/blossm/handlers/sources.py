"""The text that decides what a module does: its file, and the files of the network that it imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path


def source_of(file: Path, *, root: Path) -> str:
    """The text of a file and of all files below `root` that it imports, however far. Empty for no file."""
    texts: dict[Path, str] = {}
    waiting = [file]
    while waiting:
        path = waiting.pop()
        if path in texts or not path.is_file():
            continue
        texts[path] = path.read_text(encoding="utf-8")
        waiting += _imported(ast.parse(texts[path]), path, root)
    return "\0".join(f"{path.relative_to(root)}\0{texts[path]}" for path in sorted(texts))


def _imported(tree: ast.AST, file: Path, root: Path) -> Iterator[Path]:
    """The files that an import may mean; some don't exist."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files(root.joinpath(*alias.name.split(".")))
        elif isinstance(node, ast.ImportFrom):
            folder = file.parents[node.level - 1] if node.level else root
            module = folder.joinpath(*(node.module or "").split("."))
            yield from _files(module)
            for alias in node.names:
                yield from _files(module / alias.name)


def _files(place: Path) -> Iterator[Path]:
    yield place.with_name(f"{place.name}.py")
    yield place / "__init__.py"
