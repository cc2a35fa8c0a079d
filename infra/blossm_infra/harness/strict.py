"""Inputs, checked against the SDK's own type metadata.

The SDK sends a dict as it is, so a typo in it would reach the provider. The classes that the SDK was generated with carry
every property's wire name and type, which is enough to find it here. What they don't carry is what a provider checks by
itself: the form of a text, the bounds of a number, which properties exclude each other.
"""

from __future__ import annotations

import enum
import functools
import importlib
import inspect
import types
import typing
from collections import abc
from typing import Any

from pulumi import Output, _types

from blossm_infra.harness.wire import Secret, Unknown


def problems(token: str, inputs: dict[str, Any]) -> list[str]:
    """What is unknown, missing or mistyped in a resource's inputs; each names the property by its path."""
    return [_told(problem, token) for problem in _object(inputs, args_class(token), "")]


@functools.cache
def resource_class(token: str) -> type:
    """The SDK's class of a resource type. Raises LookupError when no installed SDK has it."""
    package, module, _ = token.split(":")
    folder = module.partition("/")[0]
    try:
        found = importlib.import_module(f"pulumi_{package}" + ("" if folder == "index" else f".{folder}"))
    except ModuleNotFoundError as missing:
        raise LookupError(f"{token}: no SDK of that package is installed") from missing
    hasattr(found, "__all__")  # a package that nobody has used yet is empty, and filled when it is first asked for something
    for candidate in vars(found).values():
        if inspect.isclass(candidate) and getattr(candidate, "pulumi_type", None) == token:
            return candidate
    raise LookupError(f"{token}: {found.__name__} has no such resource")


@functools.cache
def args_class(token: str) -> type:
    resource = resource_class(token)
    args: type = getattr(importlib.import_module(resource.__module__), f"{resource.__name__}Args")
    return args


def input_types(token: str) -> dict[str, Any]:
    """Every input of a resource type, by its wire name."""
    return _types_of(args_class(token))


@functools.cache
def _types_of(cls: type) -> dict[str, Any]:
    return {name: _unwrapped(kind) for name, kind in _types.input_type_types(cls).items()}


@functools.cache
def _required(cls: type) -> tuple[str, ...]:
    wire = _types.input_type_py_to_pulumi_names(cls)
    parameters = inspect.signature(cls).parameters.values()
    return tuple(wire.get(p.name, p.name) for p in parameters if p.default is inspect.Parameter.empty)


def _told(problem: str, token: str) -> str:
    """Says of a property that only the provider sets that it is one."""
    name, _, what = problem.partition(": ")
    if what.endswith("has no such property") and name in _types.resource_types(resource_class(token)):
        return f"{name}: it is an output: the provider says what it is"
    return problem


def _object(value: dict[str, Any], cls: type, path: str) -> abc.Iterator[str]:
    known = _types_of(cls)
    prefix = f"{path}." if path else ""
    for key, inner in value.items():
        if key in known:
            yield from checked(inner, known[key], f"{prefix}{key}")
        elif not key.startswith("__"):  # the SDK's own
            yield f"{prefix}{key}: {cls.__name__} has no such property"
    for key in _required(cls):
        if value.get(key) is None:
            yield f"{prefix}{key}: {cls.__name__} needs it"


def checked(value: Any, expected: Any, path: str) -> abc.Iterator[str]:
    """What is wrong with a value of one type; an unknown one fits any."""
    if isinstance(value, Secret):
        value = value.value
    if value is None or expected is Any or isinstance(value, Unknown):
        return
    what, arguments = _shape(expected)
    if what is typing.Union:
        yield from _one_of(value, arguments, path)
    elif what is list:
        yield from _list(value, arguments[0], path)
    elif what is dict:
        yield from _map(value, arguments[0], path)
    elif what is object:
        if isinstance(value, dict):
            yield from _object(value, expected, path)
        else:
            yield f"{path}: an object is expected, not {value!r}"
    elif what is enum.Enum:
        if value not in arguments:
            yield f"{path}: one of {', '.join(map(str, arguments))} is expected, not {value!r}"
    elif arguments and not _fits(value, arguments):
        yield f"{path}: a {expected.__name__} is expected, not {value!r}"


_UNIONS = (typing.Union, types.UnionType)


@functools.cache
def _shape(expected: Any) -> tuple[Any, tuple[Any, ...]]:
    """What kind of type it is, and what that kind is made of."""
    origin, arguments = typing.get_origin(expected), typing.get_args(expected)
    if origin in _UNIONS:
        return typing.Union, arguments
    if origin in (abc.Sequence, list):
        return list, (_unwrapped(arguments[0]),)
    if origin in (abc.Mapping, dict):
        return dict, (_unwrapped(arguments[1]),)
    if inspect.isclass(expected) and issubclass(expected, enum.Enum):
        return enum.Enum, tuple(member.value for member in expected)
    if inspect.isclass(expected) and _types.is_input_type(expected):
        return object, ()
    return None, _SCALARS.get(expected, ())


_SCALARS: dict[Any, tuple[type, ...]] = {bool: (bool,), int: (int,), float: (int, float), str: (str,)}


def _fits(value: Any, wanted: tuple[type, ...]) -> bool:
    return isinstance(value, wanted) and (bool in wanted or not isinstance(value, bool))


def _one_of(value: Any, members: tuple[Any, ...], path: str) -> abc.Iterator[str]:
    found = [list(checked(value, member, path)) for member in members]
    if all(found):
        yield from min(found, key=len)  # of what each says, the shortest: the others are further off


def _list(value: Any, item: Any, path: str) -> abc.Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: a list is expected, not {value!r}"
        return
    for index, inner in enumerate(value):
        yield from checked(inner, item, f"{path}[{index}]")


def _map(value: Any, item: Any, path: str) -> abc.Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: a map is expected, not {value!r}"
        return
    for key, inner in value.items():
        yield from checked(inner, item, f"{path}.{key}")


@functools.cache
def _unwrapped(expected: Any) -> Any:
    """What is inside `Input[T]`: one type, or a union of several."""
    if typing.get_origin(expected) not in _UNIONS:
        return expected
    plumbing = (abc.Awaitable, Output)
    inner = [a for a in typing.get_args(expected) if a is not type(None) and typing.get_origin(a) not in plumbing]
    return typing.Union[tuple(inner)] if inner else Any  # noqa: UP007  # the members are known at run time only
