"""Production hands the domain's parts over to the stacks that exist, on the real engine."""

from __future__ import annotations

from tests.engine.deployments import Deployments

_RECORD = "gcp:dns/recordSet:RecordSet"


def _delegated(deployments: Deployments) -> set[str]:
    records = [it["inputs"] for it in deployments.resources("prod").values() if it["type"] == _RECORD]
    return {record["name"] for record in records if record["type"] == "NS"}


def test_production_is_deployed_first_and_delegates_once_the_other_stack_is_there(deployments: Deployments) -> None:
    first = deployments.up("prod")
    assert first.code == 0, first.said
    assert _delegated(deployments) == set()

    assert deployments.up("staging").code == 0
    deployments.write_setting("prod", "blossm:delegations", {"staging": "stack"})
    then = deployments.up("prod")
    assert then.code == 0, then.said
    assert _delegated(deployments) == {"stg.town.example."}
    assert then.changes().keys() == {"create", "unchanged"}
