"""JSON as the doors take it: what two readers could understand differently is refused.

Refused are malformed text, names that are there twice, numbers beyond 64 bits or not finite, NUL in names, lone
surrogates, and nesting deeper than `MAX_DEPTH`. All such places are named at once, as paths (`payload.wheels[0]`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import orjson

from blossm.core.errors import BadRequest, FieldProblem

MAX_DEPTH = 64
_MIN, _MAX = -(2**63), 2**63 - 1
_LONGEST_INTEGER = 20  # characters; Python would otherwise spend quadratic time on a long one


class _Off:
    """Stands in the parsed value where something can't be taken."""

    def __init__(self, problem: str) -> None:
        self.problem = problem


class _Reader:
    """The hooks of one parse. They know no paths, so they leave marks; `off` says whether there are any."""

    def __init__(self) -> None:
        self.off = False

    def mark(self, problem: str) -> _Off:
        self.off = True
        return _Off(problem)

    def object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            found |= {name: self.mark("is there more than once") for name in found if names.count(name) > 1}
        for name in found:
            if "\0" in name:
                found[name] = self.mark("has a NUL in its name")
        return found

    def integer(self, text: str) -> int | _Off:
        if len(text) > _LONGEST_INTEGER or not _MIN <= (number := int(text)) <= _MAX:
            return self.mark("is an integer beyond 64 bits")
        return number

    def number(self, text: str) -> float | _Off:
        number = float(text)
        return number if math.isfinite(number) else self.mark("is a number beyond 64 bits")

    def constant(self, text: str) -> _Off:
        return self.mark(f"is {text}, which is no JSON")


def parse(data: bytes, *, at: str = "") -> Any:
    """The value that `data` is the JSON text of. Raises BadRequest; `at` is the path of the whole."""
    reader = _Reader()
    decoder = json.JSONDecoder(
        object_pairs_hook=reader.object,
        parse_int=reader.integer,
        parse_float=reader.number,
        parse_constant=reader.constant,
    )
    try:
        text = data.decode()
        value = decoder.decode(text)
        if b"\\u" in data:
            orjson.loads(data)  # stdlib lets lone surrogates pass
    except UnicodeDecodeError as error:
        raise _refused(at, f"is not UTF-8: byte {error.start}") from error
    except RecursionError as error:
        raise _refused(at, f"is nested deeper than {MAX_DEPTH}") from error
    except json.JSONDecodeError as error:
        raise _refused(at, f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from error
    suspect = reader.off or data.count(b"[") + data.count(b"{") > MAX_DEPTH
    if suspect and (problems := sorted(_problems(value, at), key=lambda problem: problem.path)):
        raise BadRequest("the JSON can't be taken", fields=problems)
    return value


def _problems(value: Any, at: str) -> Iterator[FieldProblem]:
    """Every mark in `value` and every place that lies too deep, in no recursion of Python's."""
    waiting: list[tuple[str, Any, int]] = [(at, value, 0)]
    while waiting:
        path, value, depth = waiting.pop()
        match value:
            case _Off():
                yield FieldProblem(path or "body", value.problem)
            case dict() | list() if depth == MAX_DEPTH:
                yield FieldProblem(path, f"is nested deeper than {MAX_DEPTH}")
            case dict():
                waiting += [(f"{path}.{name}" if path else name, inner, depth + 1) for name, inner in value.items()]
            case list():
                waiting += [(f"{path}[{index}]", inner, depth + 1) for index, inner in enumerate(value)]


def _refused(at: str, problem: str) -> BadRequest:
    return BadRequest("the JSON can't be taken", fields=[FieldProblem(at or "body", problem)])
