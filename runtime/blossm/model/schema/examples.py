"""The keys of `examples:`, data that a later `blossm test` will run."""

# ruff: noqa: RUF012  pydantic copies what a default holds
from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator

from blossm.model.schema.reading import Keys
from blossm.model.schema.values import Name, Reference, wrong


def _error(code: str) -> str:
    if not code.isascii() or not code.replace("_", "").isalpha() or code != code.upper():
        raise wrong("B106", f"`{code}` is no error's code", help="an error's class in UPPER_SNAKE: `BAD_REQUEST`")
    return code


ErrorCode = Annotated[str, AfterValidator(_error)]


class EventKeys(Keys):
    """An event that was logged, or is expected."""

    action: Name
    payload: dict[str, Any] = {}
    root: str = ""
    domain: Reference = ""


class ExampleKeys(Keys):
    name: str


class CommandExampleKeys(ExampleKeys):
    given: list[EventKeys] = []
    root: str = ""
    payload: dict[str, Any] = {}
    context: dict[str, str] = {}
    claims: dict[str, Any] = {}
    then: list[EventKeys] = []
    response: Any = None
    error: ErrorCode = ""


class FactExampleKeys(ExampleKeys):
    given: list[EventKeys] = []
    root: str = ""
    query: dict[str, Any] = {}
    context: dict[str, str] = {}
    response: Any = None
    error: ErrorCode = ""


class EventStoreExampleKeys(ExampleKeys):
    given: list[EventKeys]
    state: dict[str, Any]


class ProjectionExampleKeys(ExampleKeys):
    given: list[EventKeys]
    views: dict[str, Any]


class ViewStoreExampleKeys(ExampleKeys):
    views: dict[str, Any]
    query: dict[str, Any] = {}
    content: list[str]
