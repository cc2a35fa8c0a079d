"""Payloads as they were logged in former years, kept: today's upcasters lift each of them to today's schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from blossm import BadRequest, NotFound
from blossm.testing import lifted

SAMPLES = json.loads(Path(__file__).with_name("samples.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample['action']} {sample['version']}")
def test_what_was_logged_then_is_read_like_this_today(sample: dict[str, Any]) -> None:
    assert lifted(f"shop.bicycle.{sample['action']}", sample["payload"], version=sample["version"]) == sample["today"]


def test_there_is_a_sample_of_each_version() -> None:
    assert [(sample["action"], sample["version"]) for sample in SAMPLES] == [
        *(("painted", version) for version in (1, 2, 3)),
        *(("sold", version) for version in (1, 2)),
    ]


def test_a_sample_that_does_not_fit_todays_schema_is_refused() -> None:
    with pytest.raises(BadRequest) as refused:
        lifted("shop.bicycle.painted", {"color": 7, "wheels": 2}, version=2)
    assert {field.path for field in refused.value.fields} == {"payload.color", "payload.wheels"}


def test_an_action_that_there_is_not_is_told() -> None:
    with pytest.raises(NotFound, match=r"no action shop\.bicycle\.paintd"):
        lifted("shop.bicycle.paintd", {}, version=1)
