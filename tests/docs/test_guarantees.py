"""docs/guarantees.md: each test that it names is there and runs where the page says, and no test of the suites is left out."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.docs.collected import has_all_tests, where_they_run
from tests.docs.markdown import HERE, page, rows

from blossm.testing.contracts.appender import AppenderContract
from blossm.testing.contracts.event_store import EventStoreContract
from blossm.testing.contracts.log import LogContract
from blossm.testing.contracts.log_store import LogStoreContract

PAGE = page("docs/guarantees.md")
SUITES = (LogStoreContract, AppenderContract, EventStoreContract)
NONE_YET = "Real servers so far: none."


@dataclass(frozen=True, slots=True)
class Promise:
    """A line of the page: in words, the tests that show it (`file::name`), and where it says they run."""

    words: str
    tests: tuple[str, ...]
    sqlite: str
    emulator: str
    real: str


def promises() -> list[Promise]:
    lines = [cells for cells in rows(PAGE) if cells[0] != "promise"]
    return [Promise(words, tuple(shown_by(shown)), *columns) for words, shown, *columns in lines]


def shown_by(shown: str) -> list[str]:
    """A link's text is the test's name in words, its target the file."""
    found = re.findall(r"\[([^\]]+)\]\(\.\./([^)]+)\)", shown)
    return [f"{file}::test_{words.replace(' ', '_')}" for words, file in found]


@pytest.fixture
def there(request: pytest.FixtureRequest) -> dict[str, list[str]]:
    """Which tests there are in the files of the page, and on which stores they run.

    A run of all tests has found them by now; another asks for them, which takes pytest some seconds.
    """
    if has_all_tests(request.config):
        return where_they_run(request.session.items)
    files = {test.partition("::")[0] for promise in promises() for test in promise.tests}
    asked = sorted({*(file for file in files if file.startswith("tests/")), "tests/contracts"})
    with TemporaryDirectory() as folder:
        file = Path(folder, "collected")
        pytest_only_looks = ["--collect-only", "-q", "-n0", "--assert=plain", "-p", "tests.docs.collected"]
        command = [sys.executable, "-m", "pytest", *pytest_only_looks, *asked]
        environment = {**os.environ, "COLLECTED": str(file)}
        done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-1_000:]
        found: dict[str, list[str]] = json.loads(file.read_text(encoding="utf-8"))
        return found


def said(tests: tuple[str, ...], store: str, there: dict[str, list[str]]) -> str:
    """What a column must say."""
    run = [store in there[test] for test in tests]
    return "yes" if all(run) else f"{sum(run)} of {len(run)}" if any(run) else "–"


def names_of(suite: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(suite, inspect.isfunction) if name.startswith("test_")}


def test_every_promise_is_shown_by_tests() -> None:
    assert len(promises()) > 50
    assert [promise.words for promise in promises() if not promise.tests] == []


def test_every_test_that_is_named_is_there_and_runs_where_the_page_says(there: dict[str, list[str]]) -> None:
    assert [test for promise in promises() for test in promise.tests if test not in there] == []
    claimed = {promise.words: (promise.sqlite, promise.emulator) for promise in promises()}
    shown = {each.words: tuple(said(each.tests, store, there) for store in ("sqlite", "emulator")) for each in promises()}
    assert claimed == shown


def test_nothing_is_said_of_a_real_server_that_nobody_has_seen() -> None:
    claimed = [promise.words for promise in promises() if promise.real]
    if NONE_YET in PAGE:
        assert claimed == []
    assert set(claimed) <= {promise.words for promise in promises() if promise.emulator != "–"}


def test_every_test_of_the_suites_of_a_log_is_on_the_page() -> None:
    named = {test.partition("::")[2] for promise in promises() for test in promise.tests}
    assert {name for suite in SUITES for name in names_of(suite)} - named == set()


def test_no_two_tests_of_the_suites_have_one_name_since_one_would_hide_the_other() -> None:
    names = [name for suite in SUITES for name in names_of(suite)]
    assert len(names) == len(set(names)) == len(names_of(LogContract))
    parts = [name for part in EventStoreContract.__bases__ for name in vars(part) if name.startswith("test_")]
    assert sorted(parts) == sorted(names_of(EventStoreContract))
