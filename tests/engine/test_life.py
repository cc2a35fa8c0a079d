"""A stack's life on the real engine: from its first preview to its destruction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.engine.deployments import Deployments
from tests.engine.town import TOWN, retired_letters, with_command, without_letters

from blossm_infra.settings import STACKS


def _of_command(resources: dict[str, dict[str, Any]], name: str) -> set[str]:
    """What belongs to a command of the domain `visitor`."""
    return {urn for urn in resources if f"command-town-visitor-{name}" in urn}


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_is_previewed_deployed_changed_and_left_alone(deployments: Deployments, stack: str) -> None:
    foreseen = deployments.preview(stack)
    assert foreseen.code == 0, foreseen.said
    assert deployments.journal.entries == []
    assert deployments.up(stack).changes() == foreseen.changes()
    town = deployments.resources(stack)
    assert deployments.up(stack, "--refresh").changes().keys() == {"unchanged"}, "a second up changes nothing, and finds it all"

    deployments.write(with_command("wave"))
    assert deployments.up(stack).changes().keys() == {"create", "unchanged"}, "a command more touches no other"
    more = deployments.resources(stack)
    assert more.keys() - town.keys() == _of_command(more, "wave") != set()

    deployments.write(TOWN)
    assert deployments.up(stack).changes().keys() == {"delete", "unchanged"}
    assert deployments.resources(stack).keys() == town.keys(), "and it leaves as it came"


def test_development_can_be_destroyed(deployments: Deployments) -> None:
    assert deployments.up("dev").code == 0
    ran = deployments("destroy", "--stack", "dev", "--yes", "--skip-preview")
    assert ran.code == 0, ran.said
    assert deployments.resources("dev") == {}
    done = deployments.journal.entries
    assert {(it.type, it.name) for it in done if it.did == "create"} == {(it.type, it.name) for it in done if it.did == "delete"}


def test_an_event_store_that_was_deployed_as_retired_may_leave(deployed: Deployments) -> None:
    deployed.write(retired_letters())
    assert deployed.up("prod").code == 0
    deployed.write(without_letters())
    ran = deployed.up("prod")
    assert ran.code == 0, ran.said
    assert not [urn for urn in deployed.resources("prod") if "letter" in urn]
    assert not [it for it in deployed.journal.entries if it.did == "delete" and it.type.startswith("mongodbatlas:")]


def test_a_stack_that_kept_its_event_stores_lets_one_go_only_after_that_is_deployed(deployments: Deployments) -> None:
    deployments.write_setting("staging", "blossm:protect", True)
    assert deployments.up("staging").code == 0
    deployments.write_setting("staging", "blossm:protect", False)
    deployments.write(without_letters())
    refused = deployments.preview("staging")
    assert refused.code != 0
    assert "event store `town.letter` is deployed" in refused.said

    deployments.write(TOWN)
    assert deployments.up("staging").code == 0
    deployments.write(without_letters())
    assert deployments.up("staging").code == 0


def test_what_a_saved_plan_does_not_hold_is_not_done(deployments: Deployments, tmp_path: Path) -> None:
    plan = str(tmp_path / "plan.json")
    assert deployments.preview("dev", "--save-plan", plan).code == 0
    deployments.write(with_command("wave"))
    refused = deployments.up("dev", "--plan", plan)
    assert refused.code != 0
    assert "resource is not allowed by the plan" in refused.said or "violates plan" in refused.said
    deployments.write(TOWN)
    ran = deployments.up("dev", "--plan", plan)
    assert ran.code == 0, ran.said


def test_after_a_provider_failed_in_the_middle_the_next_up_completes(deployments: Deployments) -> None:
    deployments.journal.fail = "create wake-ups-town"
    failed = deployments.up("dev")
    assert failed.code != 0
    assert "create wake-ups-town: failed, as it was asked to" in failed.said
    before = len(deployments.journal.entries)
    assert before > 0

    deployments.journal.fail = ""
    ran = deployments.up("dev")
    assert ran.code == 0, ran.said
    created = [(it.type, it.name) for it in deployments.journal.entries if it.did == "create"]
    assert len(created) == len(set(created)), "nothing was made twice"
    assert deployments.up("dev").changes().keys() == {"unchanged"}
