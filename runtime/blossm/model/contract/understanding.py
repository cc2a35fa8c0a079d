"""Declarations of a `.proto` file → the contract's tree, with every rule that a written contract keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, cast

from blossm.model.contract.naming import file_path
from blossm.model.contract.proto_syntax import MAX_DEPTH, DeclaredField, DeclaredFile, DeclaredMessage
from blossm.model.contract.proto_tokens import NotAContract, Token, value_of
from blossm.model.contract.text import GENERATED, RULES, VERSION
from blossm.model.contract.tree import SCALARS, TIMESTAMP, Asked, File, Label, Message, MessageField, Range, Role

_SAID = re.compile(
    r"(?P<role>Event|State|Request|Response|Row) of (?:the (?P<asked>command|fact|streamed fact) )?"
    r"(?P<address>[a-z0-9_.]+)(?:: (?P<action>[a-z0-9_]+))?(?P<retired>, retired)?\.\Z"
)
_SOURCE = re.compile(re.escape(GENERATED.removeprefix("// ")) + r"(.*): edit that, not this\..*")
_ROLES: Mapping[str, Role] = {
    "Event": "event",
    "State": "state",
    "Request": "request",
    "Response": "response",
    "Row": "row",
}


class Understood:
    """One file's declarations, understood. Raises NotAContract where they can't be what `blossm proto` wrote."""

    def __init__(self, declared: DeclaredFile, path: str) -> None:
        self._declared = declared
        self._path = path
        self._names = set(_full_names(declared.messages, declared.package))
        self.places: dict[str, tuple[int, int]] = {}  # full name of a message → where it is named, how long

    def file(self) -> File:
        declared = self._declared
        if file_path(declared.package) != self._path:
            said = f"package {declared.package}" if declared.package else "no package"
            message = f"this file says `{said}`, and a file of that package is `{file_path(declared.package)}`"
            raise NotAContract(message, 0, help="a copy, or a folder that was renamed by hand: move it back, or remove it")
        source = _SOURCE.fullmatch(declared.comment.partition("\n")[0])
        return File(
            path=self._path,
            package=declared.package,
            messages=self._messages(declared.messages, declared.package, nested=False),
            comment=source[1] if source else "",
        )

    def _messages(self, messages: list[DeclaredMessage], around: str, *, nested: bool) -> tuple[Message, ...]:
        seen: set[str] = set()
        for message in messages:
            if message.name.text in seen:
                _refuse(f"the message `{message.name.text}` stands here twice", message.name)
            seen.add(message.name.text)
        return tuple(self._message(message, around, nested=nested) for message in messages)

    def _message(self, message: DeclaredMessage, around: str, *, nested: bool) -> Message:
        full_name = f"{around}.{message.name.text}"
        self.places[full_name] = (message.name.at, message.name.length)
        first, _, rest = message.comment.partition("\n")
        said = None if nested else _SAID.match(first)
        version = message.options.get(VERSION)
        self._check_numbers(message)
        return Message(
            name=message.name.text,
            full_name=full_name,
            fields=tuple(self._field(field, full_name) for field in message.fields),
            nested=self._messages(message.nested, full_name, nested=True),
            role=_ROLES[said["role"]] if said else "part",
            address=said["address"] if said else "",
            action=said["action"] or "" if said else "",
            asked=cast("Asked", said["asked"] or "") if said else "",
            retired=bool(said and said["retired"]),
            version=max(0, value_of(version)) if version and version.kind == "number" else 0,
            reserved_numbers=tuple(Range(first, last) for first, last, _ in message.reserved_numbers),
            reserved_names=tuple(name.text for name in message.reserved_names),
            comment=rest if said else message.comment,
            removed="deprecated" in message.options and message.options["deprecated"].text == "true",
        )

    def _check_numbers(self, message: DeclaredMessage) -> None:
        """Refuse a number or a name that stands for two things."""
        numbers: dict[int, str] = {}
        names = {name.text for name in message.reserved_names}
        ranges = message.reserved_numbers
        for field in message.fields:
            if (number := field.value) in numbers:
                twice = f"`{field.name.text}` has the number {number}, as `{numbers[number]}` has"
                _refuse(twice, field.number, help=_MERGED)
            if any(first <= number <= last for first, last, _ in ranges):
                _refuse(f"`{field.name.text}` has the number {number}, which is reserved", field.number, help=_MERGED)
            if 19000 <= number <= 19999:
                _refuse("protobuf keeps the numbers from 19000 to 19999 to itself", field.number)
            if field.name.text in names:
                _refuse(f"`{field.name.text}` stands here twice, or is reserved", field.name)
            numbers[number] = field.name.text
            names.add(field.name.text)

    def _field(self, field: DeclaredField, full_name: str) -> MessageField:
        name = field.name
        type = self._type(field, full_name)
        json_name = field.options.get("json_name")
        if json_name and json_name.text != name.text:
            _refuse("a field's name in JSON is its own name", json_name)
        return MessageField(
            name=name.text,
            number=field.value,
            type=type,
            label=_label(field, type),
            rules=_rules(field.options.get(RULES)),
            comment=name.comment,
        )

    def _type(self, field: DeclaredField, full_name: str) -> str:
        """The full name of a type, found as protobuf does: in the nearest message around it that has one."""
        type = field.type
        if field.key and field.key != "string":
            _refuse("the keys of a map are `string` here", field.name)
        if type in SCALARS or type.removeprefix(".") == TIMESTAMP:
            return type.removeprefix(".")
        if type.startswith("."):
            candidates = [type[1:]]
        else:
            parts = full_name.split(".")
            candidates = [".".join((*parts[:end], type)) for end in range(len(parts), -1, -1)]
        found = next((name for name in candidates if name in self._names), "")
        if not found:
            _refuse(f"`{type}` is no type that `blossm proto` writes, and no message of this file", field.name)
        return found


def _label(field: DeclaredField, type: str) -> Label:
    """The field's label; `optional` says nothing of a message, and is what every other single value is."""
    if field.key:
        return "map"
    if field.label == "repeated":
        return "repeated"
    return "optional" if type in SCALARS else ""


def _rules(option: Token | None) -> dict[str, Any]:
    if option is None:
        return {}
    try:
        rules = json.loads(option.text)
    except (ValueError, RecursionError):
        _refuse("these rules are not JSON", option)
    if not isinstance(rules, dict) or not _well_formed(rules, MAX_DEPTH):
        _refuse("these rules are not what `blossm proto` writes", option)
    return rules


def _well_formed(rules: dict[str, Any], depth: int) -> bool:
    """Whether rules can be compared: bounds are numbers, choices a list, and what is below `items` and `values` likewise."""
    bounds = (value for word, value in rules.items() if word.startswith(("min", "max")))
    inner = (rules[word] for word in ("items", "values") if word in rules)
    return (
        depth > 0
        and all(isinstance(bound, int | float) for bound in bounds)
        and isinstance(rules.get("enum", []), list)
        and all(isinstance(one, dict) and _well_formed(one, depth - 1) for one in inner)
    )


def _full_names(messages: list[DeclaredMessage], around: str) -> Iterator[str]:
    for message in messages:
        full_name = f"{around}.{message.name.text}"
        yield full_name
        yield from _full_names(message.nested, full_name)


_MERGED = "as of two branches: take out the field that nobody else knows yet, and run `blossm proto`: it gives it a number"


def _refuse(message: str, token: Token, *, help: str = "") -> NoReturn:
    raise NotAContract(message, token.at, max(1, token.length), help=help)
