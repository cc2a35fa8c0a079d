"""Which tests there are, and on which stores they run. Also a plugin of pytest, which writes that down.

`python -m pytest --collect-only -p tests.docs.collected FILES`, with the file to write in `COLLECTED`.
"""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parents[2]

# What these start keeps its state in SQLite, in processes of their own.
STARTS_SQLITE = ("tests/e2e/test_crash.py", "tests/e2e/test_dev.py", "tests/e2e/test_operator.py")


def pytest_collection_finish(session: pytest.Session) -> None:
    Path(os.environ["COLLECTED"]).write_text(json.dumps(where_they_run(session.items)), encoding="utf-8")


def where_they_run(items: Iterable[pytest.Item]) -> dict[str, list[str]]:
    """The stores of each test (`file::name`)."""
    found: dict[str, set[str]] = {}
    for item in items:
        if isinstance(item, pytest.Function) and not item.get_closest_marker("skip"):
            found.setdefault(name_of(item), set()).update(stores_of(item))
    return {name: sorted(stores) for name, stores in found.items()}


def has_all_tests(config: pytest.Config) -> bool:
    """Whether pytest was asked for all of them."""
    asked = {(config.invocation_params.dir / arg).resolve() for arg in config.args}
    return HERE / "tests" in asked and not config.option.keyword


def name_of(item: pytest.Function) -> str:
    """The file that a test is written in, which may be a suite's, and its name."""
    file = Path(inspect.getsourcefile(item.function) or "").relative_to(HERE)
    return f"{file.as_posix()}::{item.originalname}"


def stores_of(item: pytest.Function) -> Iterator[str]:
    texts = [item.nodeid.lower(), *map(source, functions_of(item))]
    if item.nodeid.startswith(STARTS_SQLITE) or any("sqlite" in text for text in texts):
        yield "sqlite"
    if "mongodb_uri" in item.fixturenames or any("emulator(" in text for text in texts):
        yield "emulator"


@cache
def source(function: Any) -> str:
    return inspect.getsource(function).lower()


def functions_of(item: pytest.Function) -> Iterator[Any]:
    """The test itself, and the fixtures that it gets."""
    yield item.function
    for definitions in item._fixtureinfo.name2fixturedefs.values():
        yield from (definition.func for definition in definitions[-1:] if inspect.isfunction(definition.func))
