"""docs/testing.md: an adapter in another repository passes the shipped suite as the page says, and the table is complete."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

from tests.docs.markdown import blocks, page, quoted, rows, sections

import blossm.testing.contracts

SECTION = sections(page("docs/testing.md"))["An adapter of your own"]
ADAPTER = "from blossm.adapters.memory.log import MemoryLogStore as MyLogStore\n"


def test_an_adapter_elsewhere_passes_the_suite_with_one_class(tmp_path: Path) -> None:
    (shown,) = blocks(SECTION)
    (tmp_path / "my_adapter.py").write_text(ADAPTER)
    (tmp_path / "test_my_log.py").write_text(shown.text)
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\nasyncio_mode = "auto"\npythonpath = ["."]\n')
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-3_000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed
    assert int(passed[1]) >= 150


def test_the_page_names_every_suite_that_is_shipped() -> None:
    told = {name for cells in rows(SECTION) for name in quoted(cells[1])}
    assert told == {name for module in shipped() for name in suites(module)}


def test_each_suite_is_in_the_module_that_the_page_names() -> None:
    for cells in rows(SECTION)[1:]:
        for module, suite in zip(quoted(cells[0]), quoted(cells[1]), strict=True):
            assert hasattr(importlib.import_module(f"blossm.testing.contracts.{module}"), suite)


def shipped() -> list[ModuleType]:
    found = pkgutil.iter_modules(blossm.testing.contracts.__path__, "blossm.testing.contracts.")
    return [importlib.import_module(module.name) for module in found]


def suites(module: ModuleType) -> set[str]:
    return {name for name, _ in inspect.getmembers(module, inspect.isclass) if name.endswith("Contract")}
