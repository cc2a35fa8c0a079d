"""docs/infra/resources.md names every component, every API and every role, and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.docs.markdown import first_cells, page, sections
from tests.infra.networks import bicycle_city
from tests.infra.plans import planned

import blossm_infra
from blossm.model.network import Issuer
from blossm_infra import dispatcher, naming, schedules, wake_ups
from blossm_infra.foundation import apis
from blossm_infra.preview import SAMPLE
from blossm_infra.settings import settings_of

TEXT = page("docs/infra/resources.md")
PAGE = sections(TEXT)
_TABLES = ("What a stack stands on", "Services and contexts", "Gateways", "Databases")
_SOURCES = Path(blossm_infra.__file__).parent


def _components() -> Iterator[tuple[str, str]]:
    for file in _SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ClassDef) and any(ast.unparse(base).endswith("ComponentResource") for base in node.bases):
                yield node.name, ast.get_docstring(node) or ""


def _first(section: str) -> list[str]:
    """What the section's tables begin their rows with, but for the headings."""
    return [cell.strip("`") for cell in first_cells(PAGE[section]) if cell.startswith("`")]


def _listed() -> list[str]:
    by_the_clock = [cell for cell in _first("Calls by the clock and later") if not cell.startswith("POST ")]
    return [*by_the_clock, *(name for section in _TABLES for name in _first(section))]


def test_every_component_has_a_row_and_every_row_is_a_component() -> None:
    assert sorted(_listed()) == sorted(name for name, _ in _components())


def test_every_component_says_what_it_costs_while_nobody_uses_it() -> None:
    assert [name for name, told in _components() if "Idle cost: " not in told] == []


def test_the_apis_are_those_that_are_switched_on() -> None:
    (listed,) = re.findall(r"what every network needs \(([a-z, ]+)\)", TEXT)
    plain = settings_of({**SAMPLE, "blossm:gateways": "none"}, stack="dev")
    assert tuple(listed.split(", ")) == apis(bicycle_city(), plain)


def test_the_doors_are_the_dispatchers() -> None:
    doors = {schedules.SCHEDULED, schedules.TICK, f"{wake_ups.PATH}/<service>", dispatcher.LATER}
    listed = {cell for cell in _first("Calls by the clock and later") if cell.startswith("POST ")}
    assert listed == {f"POST {door}" for door in doors}


def test_the_roles_are_all_that_there_are() -> None:
    issuer = Issuer(name="access", issuer="https://a.example", key="access")
    plan = planned(replace(bicycle_city(), issuers={"access": issuer}))
    given = {resource.inputs["role"] for resource in plan.resources if "role" in resource.inputs and "member" in resource.inputs}
    assert set(_first("Who may do what")) == given


def test_names_on_the_page_are_those_in_the_cloud() -> None:
    named = (naming.push_account(), naming.scheduler_account(), naming.tick(), naming.queue(), naming.signing_key("challenge"))
    assert [name for name in named if f"`{name}`" not in TEXT] == []
    assert naming.later("shop") == "later-shop"
