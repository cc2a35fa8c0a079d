"""Inputs, checked against the SDK's own type metadata.

The SDK sends a dict as it is, so a typo in it would reach the provider. The classes that the SDK was generated with carry
every property's wire name and type, which is enough to find it here.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import typing
from collections import abc
from typing import Any

from pulumi import Output, _types

from blossm_infra.harness.wire import Secret, Unknown


def problems(token: str, inputs: dict[str, Any]) -> list[str]:
    """What is unknown, missing or mistyped in a resource's inputs; each names the property by its path."""
    return list(_object(inputs, args_class(token), ""))


@functools.cache
def resource_class(token: str) -> type:
    """The SDK's class of a resource type. Raises LookupError when no installed SDK has it."""
    package, module, _ = token.split(":")
    folder = module.partition("/")[0]
    try:
        found = importlib.import_module(f"pulumi_{package}" + ("" if folder == "index" else f".{folder}"))
    except ModuleNotFoundError as missing:
        raise LookupError(f"{token}: no SDK of that package is installed") from missing
    for candidate in vars(found).values():
        if inspect.isclass(candidate) and getattr(candidate, "pulumi_type", None) == token:
            return candidate
    raise LookupError(f"{token}: {found.__name__} has no such resource")


@functools.cache
def args_class(token: str) -> type:
    resource = resource_class(token)
    args: type = getattr(importlib.import_module(resource.__module__), f"{resource.__name__}Args")
    return args


@functools.cache
def _types_of(cls: type) -> dict[str, Any]:
    return dict(_types.input_type_types(cls))


@functools.cache
def _required(cls: type) -> tuple[str, ...]:
    wire = _types.input_type_py_to_pulumi_names(cls)
    parameters = inspect.signature(cls).parameters.values()
    return tuple(wire.get(p.name, p.name) for p in parameters if p.default is inspect.Parameter.empty)


def _object(value: dict[str, Any], cls: type, path: str) -> abc.Iterator[str]:
    known = _types_of(cls)
    prefix = f"{path}." if path else ""
    for key, inner in value.items():
        if key in known:
            yield from _value(inner, known[key], f"{prefix}{key}")
        elif not key.startswith("__"):  # the SDK's own
            yield f"{prefix}{key}: {cls.__name__} has no such property"
    for key in _required(cls):
        if value.get(key) is None:
            yield f"{prefix}{key}: {cls.__name__} needs it"


def _value(value: Any, expected: Any, path: str) -> abc.Iterator[str]:
    if isinstance(value, Secret):
        value = value.value
    expected = _unwrapped(expected)
    if value is None or expected is Any or isinstance(value, Unknown):
        return
    origin, arguments = typing.get_origin(expected), typing.get_args(expected)
    if origin in (abc.Sequence, list):
        yield from _list(value, arguments[0], path)
    elif origin in (abc.Mapping, dict):
        yield from _map(value, arguments[1], path)
    elif inspect.isclass(expected) and _types.is_input_type(expected):
        if isinstance(value, dict):
            yield from _object(value, expected, path)
        else:
            yield f"{path}: an object is expected, not {value!r}"
    elif (wanted := _SCALARS.get(expected)) and not _fits(value, wanted):
        yield f"{path}: a {expected.__name__} is expected, not {value!r}"


_SCALARS: dict[Any, tuple[type, ...]] = {bool: (bool,), int: (int, float), float: (int, float), str: (str,)}


def _fits(value: Any, wanted: tuple[type, ...]) -> bool:
    return isinstance(value, wanted) and (bool in wanted or not isinstance(value, bool))


def _list(value: Any, item: Any, path: str) -> abc.Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: a list is expected, not {value!r}"
        return
    for index, inner in enumerate(value):
        yield from _value(inner, item, f"{path}[{index}]")


def _map(value: Any, item: Any, path: str) -> abc.Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: a map is expected, not {value!r}"
        return
    for key, inner in value.items():
        yield from _value(inner, item, f"{path}.{key}")


def _unwrapped(expected: Any) -> Any:
    """The one type inside `Input[T]`; Any where there are several."""
    if typing.get_origin(expected) is not typing.Union:
        return expected
    plumbing = (abc.Awaitable, Output)
    inner = [a for a in typing.get_args(expected) if a is not type(None) and typing.get_origin(a) not in plumbing]
    return inner[0] if len(inner) == 1 else Any
