"""What a cluster consists of, from M0 to M10 and larger."""

from __future__ import annotations

from typing import Any

import pytest

from blossm_infra.preview import SAMPLE
from blossm_infra.settings import StackSettings, settings_of
from blossm_infra.stacks import Tier
from blossm_infra.stores.tiers import size_of, way_to


def _settings(stack: str, **config: str) -> StackSettings:
    return settings_of({**SAMPLE, **{f"blossm:{key}": value for key, value in config.items()}}, stack=stack)


@pytest.mark.parametrize(
    ("tier", "reached"),
    [("M0", "open"), ("FLEX", "fixed-address"), ("M10", "private-endpoint"), ("M80", "private-endpoint")],
)
def test_each_tier_has_its_way_in(tier: Tier, reached: str) -> None:
    assert way_to(tier) == reached


def _region(settings: StackSettings) -> Any:
    return size_of("event-store", settings, region="WESTERN_EUROPE").region


def test_m0_and_flex_are_rented_rooms_at_google() -> None:
    free, flex = _region(_settings("dev")), _region(_settings("staging"))
    assert (free.provider_name, free.backing_provider_name, free.electable_specs.instance_size) == ("TENANT", "GCP", "M0")
    assert (flex.provider_name, flex.backing_provider_name, flex.electable_specs) == ("FLEX", "GCP", None)


def test_from_m10_up_there_are_three_machines_whose_disks_grow_and_whose_size_an_operator_chooses() -> None:
    region = _region(_settings("prod", stores='{"event-store": {"tier": "M30"}}'))
    assert (region.provider_name, region.backing_provider_name) == ("GCP", None)
    assert (region.electable_specs.instance_size, region.electable_specs.node_count) == ("M30", 3)
    assert (region.auto_scaling.disk_gb_enabled, region.auto_scaling.compute_enabled) == (True, False)


def test_events_in_production_are_backed_up_continuously_kept_and_not_to_be_deleted() -> None:
    size = size_of("event-store", _settings("prod"), region="WESTERN_EUROPE")
    assert (size.backup, size.continuous_backup, size.retain_backups, size.termination_protection) == (True, True, True, True)


def test_views_are_made_again_from_the_log_so_nothing_of_them_is_kept() -> None:
    size = size_of("view-store", _settings("prod"), region="WESTERN_EUROPE")
    assert (size.backup, size.continuous_backup, size.retain_backups, size.termination_protection) == (False,) * 4


def test_a_stack_may_say_otherwise_of_backups() -> None:
    settings = _settings("prod", stores='{"event-store": {"backup": false}, "view-store": {"backup": true}}')
    assert size_of("event-store", settings, region="WESTERN_EUROPE").backup is False
    views = size_of("view-store", settings, region="WESTERN_EUROPE")
    assert (views.backup, views.continuous_backup) == (True, False)


def test_below_m10_atlas_is_told_nothing_about_backups() -> None:
    for stack in ("dev", "staging"):
        size = size_of("event-store", _settings(stack), region="WESTERN_EUROPE")
        assert (size.backup, size.continuous_backup, size.retain_backups) == (None,) * 3


def test_a_stack_that_protects_its_event_stores_protects_their_cluster_whatever_its_tier() -> None:
    assert size_of("event-store", _settings("staging", protect="true"), region="WESTERN_EUROPE").termination_protection
    assert not size_of("event-store", _settings("staging", protect="false"), region="WESTERN_EUROPE").termination_protection
