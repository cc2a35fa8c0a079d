"""docs/handlers.md names everything that handler code gets and imports, and nothing else."""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import Any

import pytest
from tests.docs.markdown import first_cells, page, quoted, rows, sections

import blossm
from blossm import view

PAGE = sections(page("docs/handlers.md"))
EXPORTED = {name: getattr(blossm, name) for name in blossm.__all__}
ERRORS = {name for name, found in EXPORTED.items() if inspect.isclass(found) and issubclass(found, blossm.BlossmError)}
OBJECTS = sorted(EXPORTED.keys() - ERRORS - {"view"})


def told(section: str) -> set[str]:
    """The names that the tables of a section explain."""
    entries = [text for cell in first_cells(PAGE[section]) for text in quoted(cell)]
    return {re.sub(r"^await ", "", entry).partition("(")[0] for entry in entries}


def attributes(of: type) -> set[str]:
    """What an object of this class offers: fields, properties and methods."""
    fields = {field.name for field in dataclasses.fields(of)} if dataclasses.is_dataclass(of) else set()
    annotated = {name for part in inspect.getmro(of) for name in inspect.get_annotations(part)}
    names = {*fields, *getattr(of, "__struct_fields__", ()), *annotated, *dir(of)}
    return {name for name in names if not name.startswith("_")}


@pytest.mark.parametrize("name", OBJECTS)
def test_the_page_names_every_attribute_of_an_object_and_no_other(name: str) -> None:
    assert told(name) == attributes(getattr(blossm, name))


def test_the_page_names_every_function_of_view_and_no_other() -> None:
    assert told("view") == set(view.__all__)


def test_the_page_names_every_error_with_its_status_and_no_other() -> None:
    table = {quoted(cells[0])[0]: int(cells[1]) for cells in rows(PAGE["Errors"]) if cells[1].isdigit()}
    assert table == {name: getattr(blossm, name).http for name in ERRORS}


@pytest.mark.parametrize("name", ["Command", "Fact"])
def test_the_page_names_the_parameters_of_every_method(name: str) -> None:
    for cell in first_cells(PAGE[name]):
        for entry in quoted(cell):
            method, bracket, parameters = re.sub(r"^await ", "", entry).rstrip(")").partition("(")
            if bracket:
                shown = [part.partition("=")[0].strip() for part in parameters.split(",") if part.strip()]
                assert shown == written(getattr(getattr(blossm, name), method)), entry


def written(function: Any) -> list[str]:
    """The parameters of a method, with the star before those that need their name."""
    names: list[str] = []
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and "*" not in names:
            names.append("*")
        names.append(parameter.name)
    return names
