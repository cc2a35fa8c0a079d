"""A projection's functions: found by the actions that it listens to, and asked what they make of events.

`painted(event)`, or `painted(state, event)` with the state as of that event; `fact` as a parameter reads facts. Where two
domains have the action, `bicycle_painted` goes before `painted`.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from blossm.core.errors import BlossmError
from blossm.core.event import LoggedEvent
from blossm.core.fold import Fold
from blossm.core.view import OPERATIONS, Change, EventChanges
from blossm.handlers.frames import user_frames
from blossm.handlers.modules import HandlerError, Modules
from blossm.handlers.sources import source_of
from blossm.model.network import Handler, Network, ProjectionSpec

_RULES = "1"  # changes when the same functions would make other rows


@dataclass(frozen=True, slots=True)
class Listener:
    """One function, and what it wants to be given, in order."""

    function: Callable[..., Any]
    wants: tuple[str, ...]  # event, state, fact
    file: str  # relative to the network's root
    is_async: bool

    @property
    def name(self) -> str:
        return str(getattr(self.function, "__name__", self.function))

    @property
    def line(self) -> int:
        return self.function.__code__.co_firstlineno

    def call(self, event: LoggedEvent, state: dict[str, Any] | None, fact: Any) -> Any:
        if self.wants == ("event",):
            return self.function(event)
        given = {"event": event, "state": state, "fact": fact}
        return self.function(*(given[want] for want in self.wants))


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Where a projection came to a stop: the event, the function, and the line of the user's own file."""

    service: str
    position: int
    event: str
    domain: str
    action: str
    root: str
    handler: str
    file: str
    line: int
    problem: str

    def __str__(self) -> str:
        at = f"position {self.position} of {self.service} ({self.domain} {self.action})"
        return f"{self.file}:{self.line}: {self.handler} at {at}: {self.problem}"


def listeners(spec: ProjectionSpec, network: Network, modules: Modules) -> dict[tuple[str, str], Listener]:
    """The function of every event store and action that the projection listens to. Raises HandlerError."""
    return {
        (store, action): _listener(spec.handler, network.event_stores[store].domain, action, modules)
        for store, actions in spec.events.items()
        for action in actions
    }


def _listener(handler: Handler, domain: str, action: str, modules: Modules) -> Listener:
    function = modules.function(handler) if handler.function else _found(modules.file(handler.file), domain, action)
    if function is None:
        raise HandlerError(
            f"nothing handles {action} of {domain}",
            place=f"{handler.file}:1",
            help=f"write def {action}(event) or def {domain}_{action}(event) there",
        )
    wants = _wants(function, handler)
    return Listener(function, wants, handler.file, inspect.iscoroutinefunction(function) or "fact" in wants)


def _found(module: ModuleType, domain: str, action: str) -> Callable[..., Any] | None:
    names = (f"{domain}_{action}", action)
    return next((found for name in names if callable(found := getattr(module, name, None))), None)


def _wants(function: Callable[..., Any], handler: Handler) -> tuple[str, ...]:
    names = list(inspect.signature(function).parameters)
    wants = tuple(name if name in ("state", "fact") else "event" for name in names)
    if sorted(set(wants)) != sorted(wants) or "event" not in wants:
        place = f"{handler.file}:{function.__code__.co_firstlineno}"
        raise HandlerError(f"{function.__name__} takes an event, and may take `state` and `fact`", place=place)
    return wants


def definition_of(
    spec: ProjectionSpec, network: Network, modules: Modules, found: Mapping[tuple[str, str], Listener], folds: Mapping[str, Fold]
) -> str:
    """A hash of all that decides what the rows are: functions, blossm.yaml, upcasters, and folds where state is used."""
    view = network.view_stores[spec.address]
    stateful = {store for (store, _), listener in found.items() if "state" in listener.wants}
    upcasters = [network.event_stores[store].upcasters for store in sorted(spec.events)]
    files = [spec.handler.file, *(file for file in upcasters if file)]
    texts = [
        _RULES,
        msgspec.json.encode([spec.events, view.schema, view.context, view.one]).decode(),
        *(source_of(modules.root / file, root=modules.root) for file in files),
        *(folds[store].hash for store in sorted(stateful)),
    ]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def changes_of(event: LoggedEvent, made: Any, *, context: str) -> EventChanges:
    """What a function returned, as changes. Raises TypeError when it is something else; `context` names the store's."""
    changes: Iterable[Any] = () if made is None else (made,) if isinstance(made, Change) else made
    if not isinstance(changes, (list, tuple)):
        raise TypeError(f"returned {type(made).__name__}, not a change of view, a list of them, or nothing")
    for change in changes:
        if not isinstance(change, Change):
            raise TypeError(f"returned a list with {type(change).__name__} in it, not a change of view")
        if change.op not in OPERATIONS:
            raise TypeError(f"returned a change that would {change.op!r}, and view has no such function")
    return EventChanges(
        service=event.service,
        position=event.position,
        context=event.context.get(context, "") if context else "",
        changes=tuple(changes),
    )


def failure(event: LoggedEvent, listener: Listener | None, error: BaseException, *, root: Path) -> Failure:
    """What was raised at an event, with the innermost line of the user's own files.

    Without a listener it is a fold that broke, at an event that only the state of a later one needs.
    """
    frames = user_frames(error, root=root) or (user_frames(error.__cause__, root=root) if error.__cause__ else [])
    frames = [frame for frame in frames if not Path(frame.file).is_absolute()]
    place = (frames[-1].file, frames[-1].line) if frames else (listener.file, listener.line) if listener else ("", 0)
    words = error.message if isinstance(error, BlossmError) else str(error)
    problem = f"{type(error).__name__}: {words}" if words else type(error).__name__
    return Failure(
        service=event.service,
        position=event.position,
        event=event.id,
        domain=event.domain,
        action=event.action,
        root=event.root,
        handler=listener.name if listener else "the fold",
        file=place[0],
        line=place[1],
        problem=problem.encode(errors="backslashreplace").decode(),  # it is told as JSON
    )
