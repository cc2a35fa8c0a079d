"""What a test expects, beside what came: only what is named is compared, and a difference is told line by line."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from typing import Any, TypeAlias

from blossm.core.event import Event, LoggedEvent

Told: TypeAlias = Event | str | tuple[Any, ...]  # "sold", ("painted", {…}), Event("painted", {…}, root=…)


def event_of(told: Told) -> Event:
    """The event that a test writes. Raises TypeError for what is none."""
    match told:
        case Event():
            return told
        case str():
            return Event(told)
        case (str() as action,):
            return Event(action)
        case (str() as action, dict() | None as payload):
            return Event(action, payload or {})
        case _:
            raise TypeError(f"{told!r} is no event: write ('painted', {{…}}) or Event('painted', {{…}}, root=…)")


def difference(expected: Sequence[Event], logged: Sequence[LoggedEvent]) -> str:
    """What is off, for people; empty when every event is as expected, in order, and there is no other."""
    if len(expected) == len(logged) and all(_fits(event, came) for event, came in zip(expected, logged, strict=True)):
        return ""
    wanted = [line for event in expected for line in _lines(event)]
    came = [
        line
        for number, found in enumerate(logged)
        for line in _lines(_as_named(found, expected[number] if number < len(expected) else None))
    ]
    return "\n".join(["the command logged other events (- expected, + logged):", *difflib.ndiff(wanted, came)])


def response_difference(expected: Any, came: Any) -> str:
    """What is off in a response; empty when everything that is named is there."""
    if _covers(expected, came):
        return ""
    lines = difflib.ndiff(_json(expected), _json(_named_part(expected, came)))
    return "\n".join(["the response is another (- expected, + came):", *lines])


def _fits(expected: Event, came: LoggedEvent) -> bool:
    return (
        expected.action == came.action
        and _covers(expected.payload, came.payload)
        and expected.root in (None, came.root)
        and expected.domain in (None, came.domain, f"{came.service}.{came.domain}")
    )


def _covers(expected: Any, came: Any) -> bool:
    """Whether all that is named in `expected` is in `came`: objects may hold more, everything else is equal."""
    if isinstance(expected, dict) and isinstance(came, dict):
        return all(name in came and _covers(value, came[name]) for name, value in expected.items())
    if isinstance(expected, list) and isinstance(came, list):
        return len(expected) == len(came) and all(map(_covers, expected, came))
    return bool(expected == came)


def _as_named(came: LoggedEvent, expected: Event | None) -> Event:
    """An event that came, with what the expectation at its place is about; all of it where there is none."""
    payload = _named_part(expected.payload, came.payload) if expected and expected.action == came.action else came.payload
    root = came.root if expected and expected.root else None
    domain = came.domain if expected and expected.domain else None
    return Event(came.action, payload, root=root, domain=domain)


def _named_part(expected: Any, came: Any) -> Any:
    if isinstance(expected, dict) and isinstance(came, dict):
        return {name: _named_part(value, came[name]) for name, value in expected.items() if name in came}
    if isinstance(expected, list) and isinstance(came, list) and len(expected) == len(came):
        return [_named_part(one, other) for one, other in zip(expected, came, strict=True)]
    return came


def _lines(event: Event) -> list[str]:
    about = [f"{name}={value}" for name, value in (("root", event.root), ("domain", event.domain)) if value]
    return [" ".join([event.action, *about]), *(f"  {line}" for line in _json(event.payload))]


def _json(value: Any) -> list[str]:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True, default=repr).splitlines()
