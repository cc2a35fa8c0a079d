"""Values that may differ between environments: one value, or `{production: …, default: …}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import PlainValidator

from blossm.model.diagnostics import did_you_mean
from blossm.model.network import ENVIRONMENTS, Environment
from blossm.model.schema.reading import found, without_extensions
from blossm.model.schema.values import wrong
from blossm.model.source import Path_

DEFAULT = "default"
Value = TypeVar("Value")


def chosen(values: Mapping[str, Value], environment: Environment) -> Value | None:
    """The value of an environment: its own, else the default, else None."""
    return values.get(environment, values.get(DEFAULT))


def _split(data: Any, each: Callable[[Any, Path_], Value]) -> dict[str, Value]:
    """Environment → its value; a value that is not split goes by `default`."""
    if not isinstance(data, dict):
        return {DEFAULT: each(data, ())}
    data = without_extensions(data)
    for key in data:
        if key not in (*ENVIRONMENTS, DEFAULT):
            help = did_you_mean(key, (*ENVIRONMENTS, DEFAULT))
            raise wrong("B104", f"unknown environment `{key}`", help=help, path=(key,), key=True)
    return {key: each(value, (key,)) for key, value in data.items()}


def _text(value: Any, path: Path_) -> str:
    if not isinstance(value, str) or not value:
        raise wrong("B105", f"$name takes a text, not {found(value) if value != '' else 'an empty one'}", path=path)
    return value


Text = Annotated[Any, PlainValidator(lambda data: _split(data, _text))]


_URL = re.compile(r"https://\S+|http://(?:localhost|127\.0\.0\.1|[a-z0-9.-]+\.localhost)(?:[:/]\S*)?")


def _url(value: Any, path: Path_) -> str:
    if not _URL.fullmatch(_text(value, path)):
        raise wrong("B106", f"$name takes an address that begins with `https://`, not {found(value)}", path=path)
    return str(value)


Url = Annotated[Any, PlainValidator(lambda data: _split(data, _url))]


def _origins(value: Any, path: Path_) -> tuple[str, ...]:
    if not isinstance(value, list):
        help = f"write `[{value}]`" if isinstance(value, str) else ""
        raise wrong("B105", f"$name takes a list, not {found(value)}", help=help, path=path)
    for at, origin in enumerate(value):
        if not re.fullmatch(r"https?://[A-Za-z0-9.$-]+(?::\d+)?", _text(origin, (*path, at))):
            help = "an origin is exact and has no path: `https://shop.example`"
            raise wrong("B106", f"`{origin}` can't be an origin", help=help, path=(*path, at))
    return tuple(value)


Origins = Annotated[Any, PlainValidator(lambda data: _split(data, _origins))]


def _variables(value: Any, path: Path_) -> dict[str, str]:
    if not isinstance(value, dict):
        raise wrong("B105", f"$name takes keys and values, not {found(value)}", path=path)
    value = without_extensions(value)
    for key, one in value.items():
        variable_name(key, path)
        if one is None or isinstance(one, list | dict):
            raise wrong("B105", f"an environment variable is a text, not {found(one)}", path=(*path, key))
    return {key: str(one).lower() if isinstance(one, bool) else str(one) for key, one in value.items()}


def variable_name(name: str, path: Path_) -> None:
    """Refuse what can't be the name of an environment variable."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise wrong("B601", f"`{name}` can't be an environment variable", help="write `LOG_LEVEL`", path=(*path, name), key=True)
    if name == "PORT" or name.startswith(("K_", "BLOSSM_")):
        raise wrong("B602", f"`{name}` is set by what runs the procedure", path=(*path, name), key=True)


def _env(data: Any) -> dict[str, dict[str, str]]:
    if isinstance(data, dict) and any(isinstance(value, dict) for value in data.values()):
        return _split(data, _variables)
    return {DEFAULT: _variables(data, ())}


Env = Annotated[Any, PlainValidator(_env)]


def _secrets(data: Any) -> dict[str, str]:
    values = _variables(data, ())
    for key, secret in values.items():
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", secret):
            raise wrong("B601", f"`{secret}` can't be a secret's name", help="letters, digits, `_` and `-`", path=(key,))
    return values


Secrets = Annotated[Any, PlainValidator(_secrets)]
