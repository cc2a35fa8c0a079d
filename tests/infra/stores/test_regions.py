"""Where clusters stand."""

from __future__ import annotations

import json
import re

import pytest
from tests.infra.networks import bicycle_city
from tests.infra.plans import planned

from blossm_infra.preview import SAMPLE, RunError
from blossm_infra.settings import StackSettings, settings_of
from blossm_infra.stores.regions import ATLAS_REGIONS, atlas_region, region_problems


def _settings(stack: str, region: str, atlas_region: str = "") -> StackSettings:
    atlas = {"organization": "0" * 24, "identity_provider": "0" * 24} | ({"region": atlas_region} if atlas_region else {})
    return settings_of({**SAMPLE, "gcp:region": region, "blossm:atlas": json.dumps(atlas)}, stack=stack)


def test_a_cluster_stands_where_the_procedures_do() -> None:
    assert atlas_region(_settings("dev", "europe-west1")) == "WESTERN_EUROPE"
    assert atlas_region(_settings("dev", "us-central1")) == "CENTRAL_US"


def test_a_stack_may_name_another_region_for_what_is_reached_over_the_internet() -> None:
    settings = _settings("dev", "europe-west1", "EUROPE_WEST_3")
    assert atlas_region(settings) == "EUROPE_WEST_3"
    assert not list(region_problems(settings))


def test_a_region_that_atlas_has_not_is_told_with_the_setting_that_names_another() -> None:
    (problem,) = region_problems(_settings("dev", "europe-west99"))
    assert problem.startswith("Pulumi.dev.yaml: `gcp:region` is `europe-west99`")
    assert "blossm:atlas: {region: WESTERN_EUROPE" in problem


def test_a_region_that_is_new_to_us_only_has_to_be_named() -> None:
    assert not list(region_problems(_settings("prod", "europe-west99", "EUROPE_WEST_99")))


def test_a_private_endpoint_does_not_lead_to_another_region() -> None:
    (problem,) = region_problems(_settings("prod", "europe-west1", "EUROPE_WEST_3"))
    assert "`blossm:atlas.region` is `EUROPE_WEST_3`" in problem
    assert "`WESTERN_EUROPE`" in problem


def test_it_is_told_before_anything_is_registered() -> None:
    with pytest.raises(RunError, match="europe-west99"):
        planned(bicycle_city(), stack="dev", config={"gcp:region": "europe-west99"})


def test_names_are_written_as_atlas_writes_them() -> None:
    assert len(set(ATLAS_REGIONS.values())) == len(ATLAS_REGIONS)
    assert all(re.fullmatch(r"[A-Z]+(_[A-Z0-9]+)+", name) for name in ATLAS_REGIONS.values())
