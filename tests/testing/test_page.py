"""docs/testing.md: its Python runs, in a network such as it speaks of, and its table is complete."""

from __future__ import annotations

import inspect
import shutil
from pathlib import Path

import pytest
from tests.docs.markdown import HERE, blocks, page, rows, sections

from blossm.testing import NetworkUnderTest

pytest_plugins = ["pytester"]

CITY = HERE / "examples" / "bicycle_city"


def test_the_tests_on_the_page_pass_beside_the_handlers_that_they_are_about(pytester: pytest.Pytester) -> None:
    root = Path(shutil.copytree(CITY, pytester.path / "city", ignore=shutil.ignore_patterns(".blossm", "test_*.py")))
    shown = [block.text for block in blocks(page("docs/testing.md")) if block.language == "python"]
    programs = [program for program in shown if "my_adapter" not in program]  # that one: tests/docs/test_testing_page.py
    for number, program in enumerate(programs):
        (root / "services" / "shop" / "bicycle" / f"test_page_{number}.py").write_text(program)
    result = pytester.runpytest_subprocess(str(root), "-p", "no:cacheprovider")
    result.assert_outcomes(passed=sum(program.count("def test_") for program in programs))


def test_everything_that_a_network_under_test_can_do_is_in_the_table() -> None:
    table = sections(page("docs/testing.md"))["A whole network"]
    named = {cell.partition("city.")[2].partition("(")[0] for cell, *_ in rows(table) if "city." in cell}
    offered = {name for name, _ in inspect.getmembers(NetworkUnderTest, inspect.isfunction) if not name.startswith("_")}
    assert named == offered
