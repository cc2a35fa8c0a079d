"""docs/dependencies.md has a row for each library of pyproject.toml, and no other; so has the table of tools for the Makefile."""

from __future__ import annotations

import re
import tomllib

from tests.docs.markdown import first_cells, page, sections

PAGE = sections(page("docs/dependencies.md"))
PYPROJECT = tomllib.loads(page("pyproject.toml"))
TABLES = {
    "Runtime": PYPROJECT["project"]["dependencies"],
    **{f"Extra `{name}`": needed for name, needed in PYPROJECT["project"]["optional-dependencies"].items()},
    "Development (group `dev`)": PYPROJECT["dependency-groups"]["dev"],
}


def told(section: str) -> set[str]:
    return {name for cell in first_cells(PAGE[section])[1:] for name in cell.split(", ")}


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^\w-]", requirement)[0] for requirement in requirements}


def test_every_library_has_a_row_where_it_belongs_and_none_is_left_over() -> None:
    extras = {name for requirements in PYPROJECT["project"]["optional-dependencies"].values() for name in names(requirements)}
    missing = {title: names(requirements) - told(title) for title, requirements in TABLES.items()}
    surplus = {title: told(title) - names(requirements) for title, requirements in TABLES.items()}
    missing["Development (group `dev`)"] -= extras  # tests need the extra `testing`, too, and it is told there
    assert {title: found for title, found in missing.items() if found} == {}
    assert {title: found for title, found in surplus.items() if found} == {}


def test_every_tool_that_make_builds_has_a_row() -> None:
    built = set(re.findall(r"^\.tools/(\w+)-", page("Makefile"), re.MULTILINE))
    assert built == told("Tools that are not Python")
