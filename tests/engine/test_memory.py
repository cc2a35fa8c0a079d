"""What a stack remembers of its event stores, whatever its program exports, its state holds, or an `up` came to."""

from __future__ import annotations

from tests.engine.deployments import Deployments
from tests.engine.town import TOWN, renamed_letters, without_letters

_CLUSTER = "mongodbatlas:index/advancedCluster:AdvancedCluster"
_CARELESS = ("--yes", "--skip-preview", "--ignore-protect")


def _refused(deployed: Deployments) -> str:
    """What an `up` says that makes nothing."""
    done = list(deployed.journal.entries)
    ran = deployed("up", "--stack", "prod", *_CARELESS)
    assert ran.code != 0, ran.said
    assert deployed.journal.entries == done
    return ran.said


def test_a_program_that_exports_nothing_loses_no_event_store_either(deployed: Deployments) -> None:
    main = deployed.project / "infra" / "__main__.py"
    main.write_text(main.read_text().replace("network.export()\n", ""))
    assert deployed.up("prod").code == 0
    forgets = main.read_text()
    deployed.write(without_letters())
    main.write_text(forgets)
    assert "event store `town.letter` is deployed" in _refused(deployed)


def test_a_program_without_its_network_is_refused(deployed: Deployments) -> None:
    (deployed.project / "infra" / "__main__.py").write_text("import pulumi\n")
    assert 'hook "blossm: event stores are kept" was not registered' in _refused(deployed)


def test_after_a_first_up_that_failed_event_stores_are_known_already(deployments: Deployments) -> None:
    deployments.journal.fail = "create command-town-letter-write"
    assert deployments.up("prod").code != 0
    deployments.journal.fail = ""
    deployments.write(renamed_letters())
    assert "event store `town.letter` is deployed" in _refused(deployments)

    deployments.write(TOWN)
    ran = deployments.up("prod")
    assert ran.code == 0, ran.said


def test_a_cluster_that_is_not_in_the_state_any_more_is_not_begun_again(deployed: Deployments) -> None:
    cluster = next(urn for urn, it in deployed.resources("prod").items() if it["type"] == _CLUSTER and urn.endswith("::events"))
    deployed.must("state", "delete", cluster, "--stack", "prod", "--yes", "--force", "--target-dependents")
    assert "`events` would be made anew" in _refused(deployed)


def test_an_event_store_that_the_state_lost_is_missed_all_the_same(deployed: Deployments) -> None:
    marker = next(urn for urn in deployed.resources("prod") if urn.endswith("::event-store-town-letter"))
    deployed.must("state", "delete", marker, "--stack", "prod", "--yes", "--force")
    deployed.write(without_letters())
    assert "event store `town.letter` is deployed" in _refused(deployed)


def test_after_an_up_that_was_killed_the_lock_is_taken_off_and_the_next_one_completes(deployments: Deployments) -> None:
    deployments.killed("up", "--stack", "dev", "--yes", "--skip-preview", at="create wake-ups-town")
    assert "the stack is currently locked" in deployments.up("dev").said

    deployments.must("cancel", "--stack", "dev", "--yes")
    ran = deployments.up("dev")
    assert ran.code == 0, ran.said
    assert deployments.up("dev").changes().keys() == {"unchanged"}
