"""Payloads, queries, responses: checked against their fields, all problems named at once, and brought to one spelling.

A `Contract` is made once per procedure. JSON Schema does the checking; what it can't say (plain JSON of 64 bits, NUL in
names, lone surrogates, also inside `json`) is looked at first.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import jsonschema_rs

from blossm.core.errors import BadRequest, FieldProblem
from blossm.core.plain_json import is_plain, mended, unplain
from blossm.core.problem_words import problems_of
from blossm.core.spelling import filler, normaliser, with_both_spellings
from blossm.core.text_formats import FORMATS, KEYWORDS
from blossm.model.fields import Field, Fields
from blossm.model.json_schema import json_schema_of

MAX_PROBLEMS = 100


class Contract:
    """What a payload must be. `at` is the word that paths begin with (`payload.wheels[0]`)."""

    def __init__(self, field: Field | None, *, at: str) -> None:
        self.at = at
        self._field = field or Field(type="json")
        self._fill = filler(self._field)
        self._normal = normaliser(self._field)
        self._validator = jsonschema_rs.Draft202012Validator(
            json_schema_of(with_both_spellings(self._field)),
            formats=FORMATS,
            keywords=KEYWORDS,
            validate_formats=True,
            pattern_options=jsonschema_rs.RegexOptions(),  # linear time, whatever the pattern
        )

    @classmethod
    def of(cls, fields: Fields, *, at: str = "payload") -> Contract:
        """An object with these fields and no others."""
        return cls(Field(type="object", properties=dict(fields)), at=at)

    @classmethod
    def of_field(cls, field: Field | None, *, at: str) -> Contract:
        """One value; None: any JSON."""
        return cls(field, at=at)

    def validate(self, value: Any) -> None:
        """Raises BadRequest, which names every field that is off (at most `MAX_PROBLEMS`)."""
        if is_plain(value) and self._validator.is_valid(value):
            return
        problems = list(islice(self._problems(value), MAX_PROBLEMS + 1))
        more = {"more": "there are more"} if len(problems) > MAX_PROBLEMS else {}
        raise BadRequest(f"the {self.at} is off", fields=problems[:MAX_PROBLEMS], facts=more)

    def defaults(self, value: Any) -> Any:
        """The value with defaults where a field is absent. Does not touch `value`."""
        return self._fill(value) if self._fill else value

    def normalise(self, value: Any) -> Any:
        """A copy of a valid value in the one spelling in which it is kept."""
        return self._normal(value) if self._normal else value

    def take(self, value: Any) -> Any:
        """A valid, complete, normalised copy of `value`. Raises BadRequest."""
        self.validate(value)
        return self.normalise(self.defaults(value))

    def _problems(self, value: Any) -> Iterator[FieldProblem]:
        """What is no plain JSON, and what does not fit its field, each place in order of the checks."""
        seen: set[str] = set()
        if not is_plain(value):
            for problem in unplain(value, at=self.at):
                seen.add(problem.path)
                yield problem
            value = mended(value)
        for problem in problems_of(self._validator.iter_errors(value), self._field, at=self.at):
            if problem.path not in seen:
                yield problem
