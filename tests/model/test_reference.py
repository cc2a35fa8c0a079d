"""docs/blossm-yaml.md knows every key, and no other; its examples are read without a problem."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from blossm.model.diagnostics import Findings, render
from blossm.model.documents import understand
from blossm.model.network import ENVIRONMENTS
from blossm.model.schema import fields, procedures
from blossm.model.schema.reading import LATER, Keys
from blossm.model.source import Source, documents

PAGE = (Path(__file__).parents[2] / "docs" / "blossm-yaml.md").read_text()


def models(model: type[Keys] = Keys) -> Iterator[type[Keys]]:
    for below in model.__subclasses__():
        yield below
        yield from models(below)


def keys_of_the_model() -> set[str]:
    assert fields
    assert procedures
    return {key for model in models() if model.__module__.startswith("blossm.") for key in model.keys()}  # noqa: SIM118


def keys_of_the_page() -> set[str]:
    keys: set[str] = set()
    for table in re.findall(r"^\| key \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE):
        for row in table.splitlines():
            keys |= set(re.findall(r"`([^`]+)`", row.split("|")[1]))
    return keys


def test_the_page_has_every_key() -> None:
    assert keys_of_the_model() - keys_of_the_page() == set()


def test_the_page_has_no_other_key() -> None:
    assert keys_of_the_page() - keys_of_the_model() == set()


def test_the_page_names_what_comes_later() -> None:
    for word in (*LATER, *ENVIRONMENTS):
        assert f"`{word}`" in PAGE


def test_the_keys_of_examples_are_those_of_the_model() -> None:
    rows = dict(re.findall(r"^\| (command|fact|event store|projection|view store) \| (`name`.*) \|$", PAGE, re.MULTILINE))
    for kind, row in rows.items():
        annotation = procedures.PROCEDURES[kind.replace(" ", "-")].model_fields["examples"].annotation
        assert annotation is not None
        assert re.findall(r"`([^`]+)`", row) == annotation.__args__[0].keys()
    assert len(rows) == 5


WHOLE = re.compile(r"^(procedure|network|service|domain|context):")
BLOCKS = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if WHOLE.search(block)]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split("\n", 1)[0])
def test_an_example_of_the_page_is_read_without_a_problem(block: str) -> None:
    findings = Findings()
    for document in documents(Source("page.yaml", block), findings):
        assert understand(document, findings)
    assert [render(problem) for problem in findings.problems()] == []
