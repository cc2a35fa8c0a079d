"""A `.proto` file's text, cut into words with their places.

Read by hand rather than with a general parser, as every `load` of a network with a committed contract does it: that is
some fifty times faster, every word keeps its place, and nothing recurses on what somebody else has written.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, NoReturn

Kind = Literal["word", "number", "text", "sign", "end"]

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n\v\f]+)
      | (?P<comment>//[^\n]*)
      | (?P<block>/\*(?:[^*]|\*(?!/))*\*/)
      | (?P<word>\.?[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
      | (?P<number>0[xX][0-9a-fA-F]+|[0-9]+)
      | (?P<text>"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*')
      | (?P<sign>[{}\[\]()<>=;,\-])""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:[xX]([0-9a-fA-F]{1,2})|([0-7]{1,3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))")
_SHORT = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class Token(NamedTuple):
    """One word, number, text or sign; `comment` is what stands in the lines right above it."""

    kind: Kind
    text: str  # of a text what it means, without quotes
    at: int  # where in the file's text it begins
    length: int
    comment: str = ""


class NotAContract(Exception):
    """The file says something that `blossm proto` does not write; `at` is where."""

    def __init__(self, message: str, at: int, length: int = 1, *, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.length = length
        self.help = help  # where it is another one than to take the file back


class Tokens:
    """The tokens of a file, taken one after the other. Raises NotAContract."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._next = 0
        self.current = self._read()

    def take(self) -> Token:
        """The current token; the next one becomes current."""
        taken, self.current = self.current, self._read()
        return taken

    def take_if(self, sign: str) -> bool:
        """Whether this sign or word was there; it is taken then."""
        if self.is_at(sign):
            self.take()
            return True
        return False

    def is_at(self, sign: str) -> bool:
        return self.current.kind in ("sign", "word") and self.current.text == sign

    def expect(self, sign: str) -> Token:
        if not self.is_at(sign):
            self.refuse(f"`{sign}` is missing before {self.shown()}")
        return self.take()

    def word(self, what: str) -> Token:
        if self.current.kind != "word":
            self.refuse(f"here stands {what}, not {self.shown()}")
        return self.take()

    def name(self, what: str) -> Token:
        """A word without a dot."""
        if "." in self.current.text:
            self.refuse(f"here stands {what}, not {self.shown()}")
        return self.word(what)

    def number(self, what: str, most: int) -> Token:
        """A whole number from 1 to `most`."""
        token = self.current
        if token.kind != "number" or not 0 < value_of(token) <= most:
            self.refuse(f"here stands {what} from 1 to {most}, not {self.shown()}")
        return self.take()

    def texts(self, what: str) -> Token:
        """A text; several in a row are one."""
        first = self.current
        if first.kind != "text":
            self.refuse(f"here stands {what}, not {self.shown()}")
        parts: list[str] = []
        while self.current.kind == "text":
            parts.append(self.take().text)
        return Token("text", "".join(parts), first.at, first.length, first.comment)

    def shown(self) -> str:
        return "the end of the file" if self.current.kind == "end" else f"`{self.current.text[:40]}`"

    def refuse(self, message: str, token: Token | None = None) -> NoReturn:
        about = token or self.current
        raise NotAContract(message, about.at, max(1, about.length))

    def _read(self) -> Token:
        lines: list[str] = []
        while self._next < len(self._text):
            found = _TOKEN.match(self._text, self._next)
            if found is None:
                raise NotAContract(f"`{self._text[self._next]}` stands for nothing here", self._next)
            begin, self._next = self._next, found.end()
            match found.lastgroup:
                case "space":
                    if found.group().count("\n") > 1:
                        lines.clear()  # a blank line parts a comment from what follows
                case "comment":
                    lines.append(found.group()[2:].rstrip("\r"))
                case "block":
                    lines.append(found.group()[2:-2])
                case "number" | "word" | "sign" as kind:
                    return Token(kind, found.group(), begin, self._next - begin, _comment(lines))
                case _:
                    return Token("text", self._meant(found.group()[1:-1], begin), begin, self._next - begin, _comment(lines))
        return Token("end", "", len(self._text), 1)

    def _meant(self, quoted: str, at: int) -> str:
        """What stands between quotes. Bytes beyond ASCII that are written as escapes are read as UTF-8."""
        if "\\" not in quoted:
            return quoted
        data = bytearray()
        end = 0
        for escape in _ESCAPE.finditer(quoted):
            data += quoted[end : escape.start()].encode()
            hexadecimal, octal, short, long, plain = escape.groups()
            if plain:
                data += _SHORT.get(plain, plain).encode()
            elif number := hexadecimal or octal:
                data.append(int(number, 16 if hexadecimal else 8) & 0xFF)
            else:
                data += self._character(int(short or long, 16), at)
            end = escape.end()
        data += quoted[end:].encode()
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise NotAContract("this text is not UTF-8", at, len(quoted) + 2) from None

    def _character(self, code: int, at: int) -> bytes:
        try:
            return chr(code).encode()
        except (ValueError, OverflowError):
            raise NotAContract("this text has an escape that is no character", at) from None


def value_of(token: Token) -> int:
    """What a number means, as protobuf reads it; -1 for what is none, or is far too large."""
    text = token.text.lower()
    if len(text) > 12:
        return -1
    base = 16 if text.startswith("0x") else 8 if text.startswith("0") else 10
    return int(text, base) if base != 8 or set(text) <= set("01234567") else -1


def _comment(lines: list[str]) -> str:
    return "\n".join(line.removeprefix(" ").rstrip() for line in lines)
