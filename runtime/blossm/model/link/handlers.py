"""Where the user's functions are: found by name beside the blossm.yaml, or where `handler:` says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from blossm.model.diagnostics import Spot, did_you_mean
from blossm.model.link.index import Draft, Index
from blossm.model.link.python import Module
from blossm.model.names import is_keyword
from blossm.model.network import Handler

_HANDLER = re.compile(r"(?P<file>[^:]+\.py)(?::(?P<function>[^\W\d]\w*))?")


def beside(draft: Draft, file: str) -> str:
    """A file beside the procedure's blossm.yaml, relative to the network's root."""
    return f"{draft.document.folder}/{file}".lstrip("/")


def named(draft: Draft, index: Index, *, module: str, signature: str) -> Handler:
    """The one function of a command or a fact: `module` and the procedure's own name, unless `handler:` says otherwise."""
    said = _said(draft, index)
    handler = said or Handler(beside(draft, module))
    function = handler.function or draft.name
    spot = _spot(draft)
    if draft.keys.handler and said is None:
        return Handler(handler.file, function)  # where it is meant to be was told
    if is_keyword(function):
        help = f"say where it is: `handler: {module}:{function}_`"
        index.findings.add("B206", f"Python keeps the word `{function}` for itself, so no function can have it", spot, help=help)
    elif (found := module_of(handler.file, spot, index, f"it should have `{function}{signature}`")) and not found.has(function):
        help = did_you_mean(function, _functions(found), there_are="it has")
        index.findings.add("B202", f"`{handler.file}` has no function `{function}`", spot, help=help)
    return Handler(handler.file, function)


def whole(draft: Draft, index: Index, *, module: str, required: bool) -> Handler | None:
    """The module of an event store or a projection, with a function per action; None where it may be missing and is."""
    said = _said(draft, index)
    if said and said.function:
        help = f"say `handler: {PurePosixPath(said.file).name}`"
        index.findings.add("B206", "this handler has one function per action, so it is a file alone", _spot(draft), help=help)
    if said is None and is_keyword(draft.name):
        index.findings.add("B206", f"Python keeps the word `{draft.name}` for itself: it needs a `handler:`", _spot(draft))
        return None
    file = said.file if said else beside(draft, module)
    if said is None and not required and index.modules.module(file) is None:
        return None
    module_of(file, _spot(draft), index, "it should have a function for each action")
    return Handler(file)


def module_of(file: str, spot: Spot, index: Index, why: str) -> Module | None:
    """The module in a file; None and a problem where there is none."""
    module = index.modules.module(file)
    if module is None:
        index.findings.add("B201", f"there is no `{file}`", spot, help=why)
    return module


def tell_unfit(file: str, function: str, parameters: Sequence[str], index: Index, *, pure: bool = False) -> None:
    """Refuse a function that can't be called with these values, or that waits where it must be pure."""
    module = index.modules.module(file)
    named = module.names.get(function) if module else None
    if module is None or named is None or named.function is None:
        return
    call = f"{function}({', '.join(parameters)})"
    help = f"write `{'async ' if named.waits and not pure else ''}def {call}`"
    if pure and named.waits:
        index.findings.add("B206", f"`{function}` is async, and must be plain", module.spot(named.function), help=help)
    elif not named.takes(len(parameters)):
        index.findings.add("B206", f"`{function}` can't be called as `{call}`", module.spot(named.function), help=help)


def tell_missing(file: str, names: Sequence[str], spot: Spot, index: Index) -> None:
    """Refuse a module that has none of these functions."""
    module = index.modules.module(file)
    if module and not any(module.has(name) for name in names):
        either = " or ".join(f"`{name}`" for name in names)
        help = did_you_mean(names[0], _functions(module), there_are="it has")
        index.findings.add("B202", f"`{file}` has no function {either}", spot, help=help)


def format_of(draft: Draft, index: Index) -> Handler | None:
    """The function that shapes a view's rows on the way out, where there is one."""
    if draft.keys.handler:
        return named(draft, index, module="format.py", signature="(body)")
    file = beside(draft, "format.py")
    module = index.modules.module(file)
    return Handler(file, draft.name) if module and draft.name in module.names else None


def _functions(module: Module) -> list[str]:
    return [name for name, named in module.names.items() if named.shape != "other"]


def _spot(draft: Draft) -> Spot:
    return draft.document.value("handler") if draft.keys.handler else draft.named_at


def _said(draft: Draft, index: Index) -> Handler | None:
    """What `handler:` says; None where it says nothing that can be followed."""
    if not draft.keys.handler:
        return None
    match = _HANDLER.fullmatch(draft.keys.handler)
    if not match:
        help = "`paint.py`, or `paint.py:function`"
        index.findings.add("B206", f"`{draft.keys.handler}` can't be a handler", _spot(draft), help=help)
        return None
    parts: list[str] = []
    for part in (*PurePosixPath(draft.document.folder).parts, *PurePosixPath(match["file"]).parts):
        if part == "/" or (part == ".." and not parts):
            index.findings.add("B206", f"`{draft.keys.handler}` lies outside of the network", _spot(draft))
            return None
        parts = parts[:-1] if part == ".." else [*parts, part]
    return Handler("/".join(parts), match["function"] or "")
