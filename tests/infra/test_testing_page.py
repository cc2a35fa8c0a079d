"""The code of docs/infra/testing.md and docs/infra/guarantees.md runs, and names what there is."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from tests.infra.networks import bicycle_city

from blossm_infra.harness.run import Run
from blossm_infra.preview import Registered

DOCS = Path(__file__).parents[2] / "docs" / "infra"
BLOCKS = [
    pytest.param(block, id=f"{page}-{number}")
    for page in ("testing.md", "guarantees.md")
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL))
]


@pytest.mark.parametrize("block", BLOCKS)
def test_the_code_on_the_page_runs(block: str) -> None:
    exec(compile(block, "docs/infra", "exec"), {"network": bicycle_city("production"), "__name__": "page"})


def test_every_field_of_a_run_and_of_a_resource_is_on_the_page() -> None:
    page = (DOCS / "testing.md").read_text(encoding="utf-8")
    known = {"type", "name", "urn", "custom"}  # said in other words
    for cls in (Run, Registered):
        assert {f.name for f in dataclasses.fields(cls) if f"`{f.name}" not in page} - known == set()
