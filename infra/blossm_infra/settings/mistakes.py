"""What is wrong with a stack's settings, as people read it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from blossm.model.diagnostics import did_you_mean
from blossm_infra.settings.stack import KEYS, NESTED
from blossm_infra.settings.stack_file import Keys, StackFile
from blossm_infra.stacks import STACKS, STORES

_NAMES = {"blossm:stores": STORES, "blossm:delegations": tuple(STACKS)}  # which keys these may have
_LONGEST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """`keys` lead to the setting; `message` names it, and says what is allowed or what to do."""

    keys: Keys
    message: str


def refuse(mistakes: Iterable[Mistake], file: StackFile) -> None:
    """Raises `pulumi.RunError` with all of them, where there are any."""
    if told := [f"{file.at(mistake.keys)}: {mistake.message}" for mistake in mistakes]:
        raise pulumi.RunError("\n".join(told))


def named(keys: Keys) -> str:
    """A setting as `pulumi config set --path` takes it: `blossm:stores.event-store.tier`."""
    first, *others = keys
    return first + "".join(f".{key}" if re.fullmatch(r"[\w-]+", key) else f'["{key}"]' for key in others)


def mistakes_in(invalid: ValidationError, given: Mapping[str, Any], *, hidden: Collection[str]) -> list[Mistake]:
    """What pydantic found in `given`, once for each setting. Values of `hidden` settings are not shown."""
    found: dict[Keys, Mistake] = {}
    for error in invalid.errors():
        mistake = _mistake(error, given, hidden=hidden)
        found.setdefault(mistake.keys, mistake)
    return list(found.values())


def _mistake(error: ErrorDetails, given: Mapping[str, Any], *, hidden: Collection[str]) -> Mistake:
    keys = tuple(_there(error["loc"], given))
    match error["type"]:
        case "missing":
            keys = (*keys, str(error["loc"][len(keys)]))
            return Mistake(keys=keys, message=f"`{named(keys)}` is missing; it takes {takes(keys)}")
        case "extra_forbidden":
            return Mistake(keys=keys, message=_unknown(keys, NESTED.get(keys[0], {}) if len(keys) > 1 else KEYS))
        case _ if "[key]" in error["loc"]:
            return Mistake(keys=keys, message=_unknown(keys, _NAMES.get(keys[0], ())))
        case _:
            value = "not as it should be" if keys[0] in hidden else _shown(error["input"])
            return Mistake(keys=keys, message=f"`{named(keys)}` is {value}; it takes {takes(keys)}")


def _there(loc: tuple[int | str, ...], given: Any) -> Iterator[str]:
    """As far as `loc` leads through what was given: pydantic adds what it tried."""
    for step in loc:
        if not isinstance(given, Mapping) or step not in given:
            return
        yield str(step)
        given = given[step]


def _unknown(keys: Keys, known: Iterable[str]) -> str:
    hint = did_you_mean(keys[-1], known, there_are="there are")
    return f"unknown setting `{named(keys)}`; {hint}" if hint else f"unknown setting `{named(keys)}`"


def takes(keys: Keys) -> str:
    """What a setting takes, as its description says."""
    first, last = keys[0], keys[-1]
    return NESTED.get(first, {}).get(last, KEYS[first]) if len(keys) > 1 else KEYS[first]


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
