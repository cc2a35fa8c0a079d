"""What a full specification says of its type: bounds, choices, patterns, defaults; and whether they fit it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jsonschema_rs

from blossm.model.diagnostics import Findings
from blossm.model.fields import Field
from blossm.model.json_schema import json_schema_of
from blossm.model.schema.fields import FieldKeys
from blossm.model.schema.reading import found
from blossm.model.source import Document, Path_

_COMPARABLE = ("string", "integer", "number", "boolean", "timestamp", "date", "uuid")
_FITS = {
    "in": _COMPARABLE,
    "is": _COMPARABLE,
    "min": ("integer", "number"),
    "max": ("integer", "number"),
    "min_length": ("string", "bytes", "list", "map"),
    "max_length": ("string", "bytes", "list", "map"),
    "pattern": ("string",),
    "format": ("string",),
    "properties": ("object",),
    "values": ("map",),
}


def with_attributes(
    base: Field, keys: FieldKeys, document: Document, path: Path_, findings: Findings, network_host: str
) -> Field:
    """A type with the attributes laid over it that `keys` say something of."""
    reader = _Attributes(base, keys, document, path, findings)
    if not reader.all_apply() or not reader.bounds_are_numbers():
        return base
    bounded = replace(
        base,
        optional=keys.optional or base.optional,
        min=keys.min if keys.min is not None else base.min,
        max=keys.max if keys.max is not None else base.max,
        min_length=keys.min_length if keys.min_length is not None else base.min_length,
        max_length=keys.max_length if keys.max_length is not None else base.max_length,
        pattern=keys.pattern or base.pattern,
        format=keys.format or base.format,
        title=keys.title or base.title,
        description=keys.description or base.description,
    )
    reader.bounds_are_in_order(bounded)
    if not reader.pattern_compiles(bounded):
        return base
    values = {
        "choices": tuple(keys.in_) if keys.in_ is not None else base.choices,
        "equals": base.equals if keys.is_ is None else _with_host(keys.is_, network_host),
        "default": base.default if keys.default is None else _with_host(keys.default, network_host),
    }
    reader.values_fit(bounded, values)
    return replace(bounded, **values)


def _with_host(value: Any, network_host: str) -> Any:
    return value.replace("$network", network_host) if isinstance(value, str) else value


class _Attributes:
    def __init__(self, base: Field, keys: FieldKeys, document: Document, path: Path_, findings: Findings) -> None:
        self._base, self._keys = base, keys
        self._document, self._path, self._findings = document, path, findings

    def all_apply(self) -> bool:
        """Whether every attribute means something for the type; `properties` and `values` stand beside their own only."""
        wrong = [
            name
            for name, types in _FITS.items()
            if name in self._document.at(*self._path)
            and (self._base.type not in types or (name in ("properties", "values") and self._keys.type != self._base.type))
        ]
        for name in wrong:
            self._tell("B109", f"`{name}` means nothing for {with_article(self._base)}", name, key=True)
        for name in ("default", "is", "min", "max", "in", "values", "properties"):
            if self._document.at(*self._path).get(name, ...) is None:
                self._tell("B105", f"`{name}` has no value: `null` is no value of a field", name)
                wrong.append(name)
        return not wrong

    def bounds_are_numbers(self) -> bool:
        given = {name: value for name in ("min", "max") if (value := getattr(self._keys, name)) is not None}
        wrong = {name: value for name, value in given.items() if isinstance(value, bool) or not isinstance(value, int | float)}
        for name, value in wrong.items():
            self._tell("B105", f"`{name}` takes a number, not {found(value)}", name)
        return not wrong

    def bounds_are_in_order(self, field: Field) -> None:
        if field.min is not None and field.max is not None and field.min > field.max:
            name = "min" if self._keys.min is not None else "max"
            self._tell("B112", f"no value is at least {field.min} and at most {field.max}", name)
        if field.min_length is not None and field.max_length is not None and field.min_length > field.max_length:
            name = "min_length" if self._keys.min_length is not None else "max_length"
            self._tell("B112", f"nothing is at least {field.min_length} and at most {field.max_length} long", name)

    def pattern_compiles(self, field: Field) -> bool:
        if self._keys.pattern:
            try:
                _validator({"pattern": field.pattern})
            except (jsonschema_rs.ValidationError, ValueError):
                help = "patterns are matched in linear time: look-around and back-references are not to be had"
                self._tell("B111", f"`{field.pattern}` is no pattern that can be matched", "pattern", help=help)
                return False
        return True

    def values_fit(self, field: Field, values: dict[str, Any]) -> None:
        """Check the values that the specification itself names: choices against the type, the others against both."""
        if self._keys.in_ is not None:
            for at, choice in enumerate(self._keys.in_):
                self._fits(field, choice, ("in", at))
            twice = next((at for at, one in enumerate(self._keys.in_) if one in self._keys.in_[:at]), None)
            if twice is not None:
                self._tell("B112", f"`{self._keys.in_[twice]}` stands here twice", "in", twice)
        chosen = replace(field, choices=values["choices"])
        for key, name in (("is", "equals"), ("default", "default")):
            if self._keys.model_dump(by_alias=True, include={"is_", "default"})[key] is not None:
                self._fits(chosen, values[name], (key,))

    def _fits(self, field: Field, value: Any, at: Path_) -> None:
        error = next(iter(_validator(json_schema_of(field)).iter_errors(value)), None)
        if error is not None:
            self._tell("B112", f"{found(value)} {_why_not(value, field)}", *at)

    def _tell(self, code: str, message: str, *at: str | int, help: str = "", key: bool = False) -> None:
        spot = (self._document.key if key else self._document.value)(*self._path, *at)
        self._findings.add(code, message, spot, help=help)


def _validator(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(schema, validate_formats=True, pattern_options=jsonschema_rs.RegexOptions())


def _why_not(value: Any, field: Field) -> str:
    plain = Field(type=field.type, items=field.items, properties=field.properties, values=field.values)
    if not _validator(json_schema_of(plain)).is_valid(value):
        return f"is no `{field.type}`"
    if field.choices and value not in field.choices:
        return f"is none of its choices: {', '.join(f'`{choice}`' for choice in field.choices)}"
    return "is not within the bounds that the field names"


def with_article(field: Field) -> str:
    article = "an" if field.type in ("integer", "object") else "a"
    return f"{article} `{field.type}`"
