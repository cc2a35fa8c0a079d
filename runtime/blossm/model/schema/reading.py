"""A piece of a document → one of our models; what pydantic finds becomes problems in our words, at their places."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails

from blossm.model.diagnostics import Findings, did_you_mean
from blossm.model.source import Document, Path_

LATER = types.MappingProxyType(
    {
        "personal": "fields whose value can be forgotten",
        "on": "commands that react to events",
        "group": "roles of a group",
        "about": "roles about a context",
    }
)

_EXPECTED = types.MappingProxyType(
    {
        "string_type": "a text",
        "int_type": "a whole number",
        "int_from_float": "a whole number",
        "int_parsing": "a whole number",
        "float_type": "a number",
        "bool_type": "`true` or `false`",
        "list_type": "a list",
        "dict_type": "keys and values",
        "model_type": "keys and values",
    }
)
_BOUNDS = types.MappingProxyType(
    {
        "greater_than": ("more than", "gt"),
        "greater_than_equal": ("at least", "ge"),
        "less_than": ("less than", "lt"),
        "less_than_equal": ("at most", "le"),
    }
)


class Keys(BaseModel):
    """A set of keys. `x-*` is ignored everywhere; any other key that is not here is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    elsewhere: ClassVar[Mapping[str, str]] = types.MappingProxyType({})  # a key of other languages → what to write here

    @model_validator(mode="before")
    @classmethod
    def _without_extensions(cls, data: Any) -> Any:
        return without_extensions(data)

    @classmethod
    def keys(cls) -> list[str]:
        """The keys as they are written."""
        return [info.alias or name for name, info in cls.model_fields.items()]

    @classmethod
    def required_keys(cls) -> list[str]:
        return [info.alias or name for name, info in cls.model_fields.items() if info.is_required()]


KeysType = TypeVar("KeysType", bound=Keys)


def without_extensions(data: Any) -> Any:
    """A mapping without its `x-*` keys; anything else as it is."""
    if isinstance(data, dict) and any(key.startswith("x-") for key in data):
        return {key: value for key, value in data.items() if not key.startswith("x-")}
    return data


def read(model: type[KeysType], document: Document, path: Path_, findings: Findings) -> KeysType | None:
    """The keys at `path`. Unknown ones are told and left out; with any other problem there is nothing to go on with."""
    data = document.at(*path)
    try:
        return model.model_validate(data)
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False)
    for error in errors:
        _tell(error, model, document, path, findings)
    unknown = [error["loc"] for error in errors if error["type"] == "extra_forbidden"]
    return model.model_validate(_without(data, unknown)) if len(unknown) == len(errors) else None


# What stands in for a required key that can't be read, so that the rest of the document can be; elsewhere it is `{}`.
_STAND_INS = types.MappingProxyType({"network": "network.example"} | {kind: kind for kind in ("service", "domain", "context")})


def read_document(model: type[KeysType], document: Document, findings: Findings) -> tuple[KeysType | None, frozenset[str]]:
    """A document's keys, and which of them are not to be relied on, because what they hold was told and left out.

    A `name` that can't be read leaves nothing to go on with.
    """
    try:
        return model.model_validate(document.data), frozenset()
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False)
    for error in errors:
        _tell(error, model, document, (), findings)
    unknown = [error["loc"] for error in errors if error["type"] == "extra_forbidden"]
    doubtful = {str(error["loc"][0]) for error in errors if error["type"] != "extra_forbidden" and error["loc"]}
    rest = {key: value for key, value in _without(document.data, unknown).items() if key not in doubtful}
    needed = doubtful & set(model.required_keys()) - {"name"}
    stand_ins: dict[str, Any] = {key: _STAND_INS.get(key, {}) for key in needed}
    try:
        return model.model_validate(rest | stand_ins), frozenset(doubtful)
    except ValidationError:
        return None, frozenset(doubtful)


def _without(data: Any, paths: Iterable[Path_]) -> Any:
    """A copy of nested mappings without the values at these paths."""
    here = {path[0] for path in paths if len(path) == 1}
    below: dict[str | int, list[Path_]] = {}
    for path in paths:
        if len(path) > 1:
            below.setdefault(path[0], []).append(path[1:])
    if isinstance(data, list):
        return [_without(value, below[at]) if at in below else value for at, value in enumerate(data)]
    return {key: _without(value, below[key]) if key in below else value for key, value in data.items() if key not in here}


def _tell(error: ErrorDetails, model: type[Keys], document: Document, path: Path_, findings: Findings) -> None:
    """One error of pydantic's, as a problem of ours."""
    of_a_key = error["loc"][-1:] == ("[key]",)
    loc = (*path, *(error["loc"][:-1] if of_a_key else error["loc"]))
    name = _name(loc)
    context: Mapping[str, Any] = error.get("ctx", {})
    value = error["input"]
    match error["type"]:
        case "extra_forbidden":
            around = _model_at(model, error["loc"][:-1])
            _tell_unknown(str(loc[-1]), around.keys(), document, loc, findings, around.elsewhere)
        case "missing":
            of = f" of `{_name(loc[:-1])}`" if _name(loc[:-1]) else ""
            findings.add("B103", f"the key `{loc[-1]}`{of} is missing", document.key(*loc[:-1]))
        case code if code.startswith("B"):
            spot = document.key(*loc, *context["path"]) if context["key"] or of_a_key else document.value(*loc, *context["path"])
            findings.add(code, context["message"].replace("$name", f"`{name}`"), spot, help=context["help"])
        case kind if kind in _EXPECTED:
            what = _EXPECTED[kind]
            findings.add("B105", f"`{name}` takes {what}, not {found(value)}", document.value(*loc), help=_help(what, value, loc))
        case kind if kind in _BOUNDS:
            words, key = _BOUNDS[kind]
            findings.add("B106", f"`{name}` must be {words} {context[key]}", document.value(*loc))
        case "literal_error" if of_a_key:
            _tell_unknown(str(loc[-1]), _choices(context), document, loc, findings)
        case "literal_error":
            choices = _choices(context)
            message = f"`{name}` is one of {', '.join(f'`{one}`' for one in choices)}, not {found(value)}"
            near = did_you_mean(value, choices) if isinstance(value, str) else ""
            findings.add("B106", message, document.value(*loc), help=near if near.startswith("did") else "")
        case "too_short":
            findings.add("B106", f"`{name}` must not be empty", document.value(*loc))
        case "too_long":
            findings.add("B106", f"`{name}` has more than {context['max_length']}", document.value(*loc))
        case _:
            findings.add("B105", f"`{name}` can't be {found(value)}", document.value(*loc))


def _choices(context: Mapping[str, Any]) -> list[str]:
    return [choice.strip("'") for choice in str(context["expected"]).replace(" or ", ", ").split(", ")]


def _tell_unknown(
    word: str, known: list[str], document: Document, loc: Path_, findings: Findings, elsewhere: Mapping[str, str] | None = None
) -> None:
    if word in LATER:
        findings.add("B107", f"`{word}` comes later ({LATER[word]}): it can't be used yet", document.key(*loc))
    else:
        help = (elsewhere or {}).get(word) or did_you_mean(word, known)
        findings.add("B104", f"unknown key `{word}`", document.key(*loc), help=help)


def _model_at(model: type[Keys], path: Path_) -> type[Keys]:
    """The model that reads the mapping at `path` inside of `model`."""
    for step in path:
        named = {info.alias or name: info for name, info in model.model_fields.items()}
        if step in named:
            model = _model_in(named[str(step)].annotation) or model
    return model


def _model_in(annotation: Any) -> type[Keys] | None:
    if isinstance(annotation, type) and issubclass(annotation, Keys):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _name(loc: Path_) -> str:
    """A path as people write it: `auth.issuers[0].name`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc).lstrip(".")


def found(value: Any) -> str:
    """What a value is, in words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"`{str(value).lower()}`"
        case int() | float():
            return f"the number `{value}`"
        case str():
            return f"the text `{value if len(value) <= 40 else value[:39] + '…'}`"
        case list():
            return "a list"
        case _:
            return "keys and values"


def _help(expected: str, value: Any, loc: Path_) -> str:
    match value, loc:
        case str(), ("sorts", _):
            return f"write `[{{{value}: asc}}]`"
        case [str() as one], _ if expected == "a text":
            return f"write `{one}`"
        case [str(), *_], ("actions", _):
            return f"write `{{fields: [{', '.join(map(str, value))}]}}`"
        case [str() as one, *_], ("events",):
            return f"write `{{{one}: [painted]}}`"
        case [str() as one, *_], (*_, "schema" | "payload" | "query" | "properties"):
            return f"write `{{{one}: string}}`"
    if value is None:
        return "write `{}` where there is nothing to say" if expected == "keys and values" else "leave out what has no value"
    if expected == "a text" and isinstance(value, bool | int | float):
        return f'in quotes it is a text: `"{str(value).lower()}"`'
    if expected == "a list" and isinstance(value, str):
        return f"write `[{value}]`"
    return ""
