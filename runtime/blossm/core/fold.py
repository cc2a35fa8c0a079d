"""The fold: what the events of a root add up to.

A user's function per action, pure, `painted(state, event) -> state`; where there is none, the payload is laid over the
state. Old payloads are lifted first, version by version. The log holds what was logged; a fold can be changed.
"""

from __future__ import annotations

import hashlib
import inspect
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

import msgspec

from blossm.core.errors import Internal
from blossm.core.event import LoggedEvent
from blossm.core.idempotency import new_id
from blossm.model.network import Action

State = dict[str, Any]
Apply = Callable[[State, LoggedEvent], State]
Upcast = Callable[[State], State]

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(State).decode

_RULES = "1"  # changes when the same functions would add up to something else


class Fold:
    """Folds the events of one event store.

    `source` is the text of everything that decides what events add up to: `hash` changes with it. What a function
    raises becomes Internal, whose facts name event, action, and the line of the handler.
    """

    def __init__(
        self,
        *,
        functions: Mapping[str, Apply],
        upcasters: Mapping[tuple[str, int], Upcast],
        actions: Mapping[str, Action],
        source: str,
    ) -> None:
        self._functions = dict(functions)
        self._upcasters = dict(upcasters)
        self._versions = {name: action.version for name, action in actions.items()}
        self.hash = hashlib.sha256("\0".join([_RULES, repr(sorted(self._versions.items())), source]).encode()).hexdigest()

    @property
    def runs_user_code(self) -> bool:
        """Whether folding or lifting may take as long as a user likes."""
        return bool(self._functions or self._upcasters)

    def state(self, events: Iterable[LoggedEvent], *, start: State | None = None) -> State:
        """What `events`, in order, add up to after `start`, which may be changed."""
        state: State = {} if start is None else start
        functions = self._functions
        for event in events:
            event = self.lift(event)
            if function := functions.get(event.action):
                state = self._applied(function, state, event)
            else:
                state.update(event.payload)
        return _plain(state) if functions else state

    def lift(self, event: LoggedEvent) -> LoggedEvent:
        """The event with the payload that its action has today."""
        current = self._versions.get(event.action, event.version)
        if event.version >= current:
            return event
        payload = event.payload
        for version in range(event.version, current):
            payload = self._lifted(event, version, payload)
        return msgspec.structs.replace(event, version=current, payload=payload)

    def _applied(self, function: Apply, state: State, event: LoggedEvent) -> State:
        try:
            folded = function(state, event)
        except (Exception, SystemExit) as error:  # whatever user code raises
            _broken(event, function, event.action, error)
        if not isinstance(folded, dict):
            _wrong(event, function, event.action, f"returned {type(folded).__name__}, not the state (a dict)")
        return folded

    def _lifted(self, event: LoggedEvent, version: int, payload: State) -> State:
        upcast = self._upcasters.get((event.action, version))
        name = f"{event.action}_{version}_to_{version + 1}"
        if upcast is None:
            raise Internal(
                f"no upcaster lifts {event.action} from version {version} to {version + 1}",
                facts=_facts(event, name, "upcasters.py", 0),
                help=f"define {name}(payload) in upcasters.py",
            )
        try:
            lifted = upcast(payload)
        except (Exception, SystemExit) as error:  # whatever user code raises
            _broken(event, upcast, name, error)
        if not isinstance(lifted, dict):
            _wrong(event, upcast, name, f"returned {type(lifted).__name__}, not a payload (a dict)")
        return lifted


def _plain(state: State) -> State:
    """The state as JSON has it, so that a saved one is the same."""
    try:
        return _decode(_encode(state))
    except (TypeError, ValueError) as error:
        raise Internal(f"a fold made a state that is no JSON: {error}", facts={"id": new_id()}) from error


def _broken(event: LoggedEvent, function: Callable[..., Any], name: str, error: BaseException) -> NoReturn:
    """Tell where in the user's code it broke: the last line of the handler's own file."""
    file, line = _place(function)
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    line = (lines[-1] if lines else None) or line
    raise Internal(
        f"{file}:{line}: {name} raised {type(error).__name__}: {error}", facts=_facts(event, name, file, line)
    ) from error


def _wrong(event: LoggedEvent, function: Callable[..., Any], name: str, problem: str) -> NoReturn:
    file, line = _place(function)
    raise Internal(f"{file}:{line}: {name} {problem}", facts=_facts(event, name, file, line))


def _place(function: Callable[..., Any]) -> tuple[str, int]:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code else (repr(function), 0)


def _facts(event: LoggedEvent, function: str, file: str, line: int) -> dict[str, Any]:
    return {
        "id": new_id(),
        "event": event.id,
        "domain": event.domain,
        "action": event.action,
        "version": event.version,
        "function": function,
        "root": event.root,
        "number": event.number,
        "position": event.position,
        "file": file,
        "line": line,
    }
