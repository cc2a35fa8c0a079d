"""The part of protobuf's language that a contract is written in: text → declarations with their places.

What `blossm proto` never writes (enums, oneofs, services, groups, extensions) is refused where it stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from blossm.model.contract.proto_tokens import Token, Tokens, value_of

MAX_NUMBER = 100_000_000  # protobuf has five times as many; so there is always a next one
MAX_DEPTH = 70  # a field's own nesting is bounded by what blossm.yaml may nest

Options: TypeAlias = "dict[str, Token]"


@dataclass(slots=True)
class DeclaredField:
    """`optional string frame_color = 1 [json_name = "frame_color"];`"""

    name: Token
    number: Token
    type: str
    label: str  # optional, repeated or nothing
    key: str  # of a map its keys' type
    options: Options

    @property
    def value(self) -> int:
        return value_of(self.number)


@dataclass(slots=True)
class DeclaredMessage:
    """A message with what is in it."""

    name: Token
    comment: str
    options: Options = field(default_factory=dict)
    fields: list[DeclaredField] = field(default_factory=list)
    nested: list[DeclaredMessage] = field(default_factory=list)
    reserved_numbers: list[tuple[int, int, Token]] = field(default_factory=list)  # first, last
    reserved_names: list[Token] = field(default_factory=list)


@dataclass(slots=True)
class DeclaredFile:
    """All of a file, in its order."""

    comment: str = ""  # what stands above `syntax`
    package: str = ""
    options: Options = field(default_factory=dict)
    messages: list[DeclaredMessage] = field(default_factory=list)


def declared(text: str) -> DeclaredFile:
    """What a file declares. Raises NotAContract."""
    tokens, file = Tokens(text), DeclaredFile()
    file.comment = tokens.current.comment
    _syntax(tokens)
    while tokens.current.kind != "end":
        _of_a_file(tokens, file)
    return file


def _syntax(tokens: Tokens) -> None:
    tokens.expect("syntax")
    tokens.expect("=")
    said = tokens.texts('`"proto3"`')
    if said.text != "proto3":
        tokens.refuse('a contract is written in `syntax = "proto3"`', said)
    tokens.expect(";")


def _of_a_file(tokens: Tokens, file: DeclaredFile) -> None:
    match tokens.current.text if tokens.current.kind in ("word", "sign") else "":
        case "package":
            tokens.take()
            file.package = tokens.word("the name of a package").text
            tokens.expect(";")
        case "import":
            tokens.take()
            tokens.texts("the name of a file")
            tokens.expect(";")
        case "option":
            _option(tokens, file.options)
        case "message":
            file.messages.append(_message(tokens))
        case ";":
            tokens.take()
        case _:
            tokens.refuse(f"{tokens.shown()} is not what `blossm proto` writes here")


def _message(tokens: Tokens) -> DeclaredMessage:
    """A message with all that is nested in it; what is open is kept in a list, so depth costs no stack."""
    outermost = _opened(tokens)
    open = [outermost]
    while open:
        current = open[-1]
        if tokens.take_if("}"):
            open.pop()
        elif tokens.is_at("message"):
            if len(open) >= MAX_DEPTH:
                tokens.refuse(f"messages are nested deeper than {MAX_DEPTH}")
            inner = _opened(tokens)
            current.nested.append(inner)
            open.append(inner)
        else:
            _of_a_message(tokens, current)
    return outermost


def _opened(tokens: Tokens) -> DeclaredMessage:
    comment = tokens.take().comment
    name = tokens.name("the name of a message")
    tokens.expect("{")
    return DeclaredMessage(name, comment)


_ELSEWHERE = frozenset({"enum", "oneof", "service", "extend", "extensions", "group", "required", "rpc"})


def _of_a_message(tokens: Tokens, message: DeclaredMessage) -> None:
    if tokens.take_if(";"):
        return
    word = tokens.word("a field, `}`, `option`, `reserved` or `message`")
    if word.text in _ELSEWHERE:
        tokens.refuse(f"`{word.text}` is not what `blossm proto` writes here", word)
    if word.text == "option":
        _option_after(tokens, message.options)
    elif word.text == "reserved":
        _reserved(tokens, message)
    else:
        message.fields.append(_field(tokens, word))


def _field(tokens: Tokens, first: Token) -> DeclaredField:
    """A field, whose first word has been taken."""
    label, key, type = "", "", first.text
    if first.text in ("optional", "repeated"):
        label, type = first.text, tokens.word("a type").text
    elif first.text == "map" and tokens.take_if("<"):
        key = tokens.word("the type of a map's keys").text
        tokens.expect(",")
        type = tokens.word("the type of a map's values").text
        tokens.expect(">")
    name = tokens.name("the name of a field")
    tokens.expect("=")
    number = tokens.number("the number of a field", MAX_NUMBER)
    options: Options = {}
    if tokens.take_if("["):
        _assign(tokens, options)
        while tokens.take_if(","):
            _assign(tokens, options)
        tokens.expect("]")
    tokens.expect(";")
    name = Token(name.kind, name.text, name.at, name.length, first.comment)
    return DeclaredField(name, number, type, label, key, options)


def _option(tokens: Tokens, options: Options) -> None:
    tokens.take()
    _option_after(tokens, options)


def _option_after(tokens: Tokens, options: Options) -> None:
    _assign(tokens, options)
    tokens.expect(";")


def _assign(tokens: Tokens, options: Options) -> None:
    """`(blossm.rpc.v1.rules) = "…"`, with its name as the key."""
    bracketed = tokens.take_if("(")
    name = tokens.word("the name of an option").text.removeprefix(".")
    if bracketed:
        tokens.expect(")")
        name = f"({name})"
    tokens.expect("=")
    if tokens.current.kind == "text":
        options[name] = tokens.texts("a value")
    elif tokens.current.kind in ("word", "number"):
        options[name] = tokens.take()
    else:
        tokens.refuse(f"here stands the value of an option, not {tokens.shown()}")


def _reserved(tokens: Tokens, message: DeclaredMessage) -> None:
    if tokens.current.kind == "text":
        message.reserved_names.append(tokens.texts("a name"))
        while tokens.take_if(","):
            message.reserved_names.append(tokens.texts("a name"))
    else:
        message.reserved_numbers.append(_range(tokens))
        while tokens.take_if(","):
            message.reserved_numbers.append(_range(tokens))
    tokens.expect(";")


def _range(tokens: Tokens) -> tuple[int, int, Token]:
    first = tokens.number("a number", MAX_NUMBER)
    last = first
    if tokens.take_if("to"):
        if tokens.is_at("max"):
            tokens.refuse("`max` leaves no number for a new field")
        last = tokens.number("a number", MAX_NUMBER)
    if value_of(last) < value_of(first):
        tokens.refuse("a range goes up", last)
    return value_of(first), value_of(last), first
