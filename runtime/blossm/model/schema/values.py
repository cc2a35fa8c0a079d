"""The small languages inside of values: names, durations, sizes, rates, cron, references."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BeforeValidator, PlainValidator
from pydantic_core import PydanticCustomError

from blossm.model.names import NAME, as_name
from blossm.model.schema.reading import found, without_extensions
from blossm.model.source import Path_


def wrong(code: str, message: str, *, help: str = "", path: Path_ = (), key: bool = False) -> PydanticCustomError:
    """A problem of ours, raised inside of a validator. `$name` in the message is the path of the value.

    `path` leads on from the value to what is wrong in it; `key`: it is the key there.
    """
    context = {"message": message, "help": help, "path": path, "key": key}
    return PydanticCustomError(code, "{message}", context)


def _name(text: str) -> str:
    name = text.replace("-", "_")
    if not NAME.fullmatch(name):
        raise wrong("B601", f"`{text}` can't be a name", help=name_help(text))
    return name


def name_help(text: str) -> str:
    """How a name could be written."""
    rule = "names are lower-case letters, digits and `_`, and begin with a letter"
    return f"{rule}: `{as_name(text)}`" if as_name(text) else rule


Name = Annotated[str, AfterValidator(_name)]


def _named(data: Any) -> Any:
    """A mapping of names, which are read with `_` for `-`."""
    data = without_extensions(data)
    if not isinstance(data, dict):
        return data
    named: dict[str, Any] = {}
    for key, value in data.items():
        name = key.replace("-", "_")
        if name in named:
            raise wrong("B004", f"`{key}` is the same name as `{name}`, which stands here too", path=(key,), key=True)
        named[name] = value
    return named


Named = Annotated[dict[Name, Any], BeforeValidator(_named)]
Mapping_ = Annotated[dict[str, Any], BeforeValidator(without_extensions)]


def _reference(text: str) -> str:
    name = text.replace("-", "_")
    if not all(NAME.fullmatch(part) for part in name.split(".")):
        raise wrong("B601", f"`{text}` can't be an address", help="addresses are names with dots: `shop.bicycle.paint`")
    return name


Reference = Annotated[str, AfterValidator(_reference)]

_DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def _duration(value: Any) -> float:
    match value:
        case bool():
            seconds = 0.0
        case int() | float():
            seconds = float(value)
        case str() if match := _DURATION.fullmatch(value):
            seconds = float(match[1]) * _SECONDS[match[2]]
        case _:
            seconds = 0.0
    if not 0 < seconds <= 3600:
        help = "write `60s`, `500ms` or `5m`; more than an hour is not to be had"
        raise wrong("B106", f"$name takes a duration, not {found(value)}", help=help)
    return seconds


Duration = Annotated[Any, PlainValidator(_duration)]


def _memory(value: Any) -> str:
    match = re.fullmatch(r"(\d{1,6})(Mi|Gi)", value) if isinstance(value, str) else None
    if not match or not 128 <= int(match[1]) * (1024 if match[2] == "Gi" else 1) <= 32 * 1024:
        help = "write `256Mi` or `1Gi`; from 128Mi to 32Gi"
        raise wrong("B106", f"$name takes an amount of memory, not {found(value)}", help=help)
    return str(value)


Memory = Annotated[Any, PlainValidator(_memory)]


def _cpu(value: Any) -> str:
    text = str(value) if isinstance(value, str | int | float) else ""
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)(m?)", text)
    if isinstance(value, bool) or not match or not 0.08 <= float(match[1]) / (1000 if match[2] else 1) <= 8:
        help = "write `1`, `2`, `0.5` or `500m`; from 0.08 to 8"
        raise wrong("B106", f"$name takes a number of processors, not {found(value)}", help=help)
    return text


Cpu = Annotated[Any, PlainValidator(_cpu)]

_RATE = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)/(s|m|h)")


def rate_of(value: Any) -> float | None:
    """`10/s` as requests per second; None where it is no rate."""
    match = _RATE.fullmatch(value) if isinstance(value, str) else None
    return float(match[1]) / _SECONDS[match[2]] or None if match else None


def _cron(text: str) -> str:
    fields = len(text.split())
    if fields != 5:
        help = 'minute, hour, day, month, weekday: `"0 5 * * *"` is five in the morning'
        raise wrong("B106", f"$name has {fields} fields, and a cron schedule has five", help=help)
    try:
        if re.search(r"#|(?<![A-Za-z])L", text):  # what Cloud Scheduler does not know
            raise CronSimError("day")
        CronSim(text, datetime.now(UTC))
    except CronSimError as error:
        what = str(error).removeprefix("Bad ")
        help = "`*`, numbers, `1-5`, `1,3` and `*/5` are possible"
        raise wrong("B106", f"the {what} of `{text}` can't be read", help=help) from None
    return text


Cron = Annotated[str, AfterValidator(_cron)]


def _network_name(text: str) -> str:
    label = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
    if not re.fullmatch(rf"{label}(?:\.{label})+", text):
        raise wrong("B601", f"`{text}` can't be a network's name", help="a network is named like a host: `shop.example`")
    return text


NetworkName = Annotated[str, AfterValidator(_network_name)]


def _prefix(text: str) -> str:
    if text and not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", text):
        raise wrong("B601", f"`{text}` can't be a prefix of host names", help="lower-case letters, digits and `-`: `stg`")
    return text


Prefix = Annotated[str, AfterValidator(_prefix)]


def _root(value: Any) -> tuple[str, str]:
    """`root:` as the rule and the context whose root it is."""
    match value:
        case "required" | "optional" | "new" | "none":
            return value, ""
        case {"context": str() as context, **rest} if not rest:
            return "context", _name(context)
    help = "`required`, `optional`, `new`, `none` or `{context: session}`"
    raise wrong("B106", f"$name can't be {found(value)}", help=help)


Root = Annotated[Any, PlainValidator(_root)]
