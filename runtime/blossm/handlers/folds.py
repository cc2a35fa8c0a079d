"""The fold of an event store: the user's function per action and their upcasters, put together."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import msgspec

from blossm.core.fold import Fold
from blossm.handlers.modules import HandlerError, Modules
from blossm.handlers.sources import source_of
from blossm.model.network import Action, EventStoreSpec


def fold_of(spec: EventStoreSpec, modules: Modules) -> Fold:
    """The fold of one event store. Raises HandlerError when a module fails to import or an upcaster is missing."""
    files = [spec.handler.file] if spec.handler else []
    files += [spec.upcasters] if spec.upcasters else []
    sources = [source_of(modules.root / file, root=modules.root) for file in files]
    return Fold(
        functions=_functions(spec, modules),
        upcasters={
            (action.name, version): _upcaster(spec, modules, action, version)
            for action in spec.actions.values()
            for version in range(1, action.version)
        },
        actions=spec.actions,
        source="\0".join([*sources, msgspec.json.encode(spec.schema).decode()]),
    )


def _functions(spec: EventStoreSpec, modules: Modules) -> dict[str, Callable[..., Any]]:
    """The functions of events.py that are called like an action."""
    if spec.handler is None:
        return {}
    module = modules.file(spec.handler.file)
    found = {action: function for action in spec.actions if callable(function := getattr(module, action, None))}
    for action, function in found.items():
        if inspect.iscoroutinefunction(function):
            place = f"{spec.handler.file}:{function.__code__.co_firstlineno}"
            raise HandlerError(f"{action} is async, and a fold is pure", place=place, help=f"def {action}(state, event)")
    return found


def _upcaster(spec: EventStoreSpec, modules: Modules, action: Action, version: int) -> Callable[..., Any]:
    name = f"{action.name}_{version}_to_{version + 1}"
    file = spec.upcasters or "upcasters.py"
    function = getattr(modules.file(spec.upcasters), name, None) if spec.upcasters else None
    if function is None:
        raise HandlerError(
            f"{action.name} is at version {action.version}, and nothing lifts version {version}",
            place=f"{file}:1",
            help=f"write def {name}(payload) there",
        )
    return function  # type: ignore[no-any-return]

