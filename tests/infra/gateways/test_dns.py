"""Each stack's zone, and what production delegates to the others."""

from __future__ import annotations

import json

import pytest
from tests.infra.gateways.doors import RECORD, of, only_facts, records, zone
from tests.infra.plans import planned

from blossm_infra.network import Network, NetworkArgs
from blossm_infra.preview import SAMPLE, UNKNOWN, Plan, RunError, preview_program
from blossm_infra.settings import settings_of

REFERENCE = "pulumi:pulumi:StackReference"
DEV, STAGING = "organization/blossm/dev", "organization/blossm/staging"


def _production(delegations: dict[str, object], *, unknowns: bool = False, **stacks: object) -> Plan:
    """Production that delegates; `stacks` are what others export as their name servers."""
    settings = settings_of({**SAMPLE, "blossm:delegations": json.dumps(delegations)}, stack="prod")
    args = NetworkArgs(model=only_facts("production"), settings=settings)
    told = {f"organization/blossm/{stack}": {"name_servers": servers} for stack, servers in stacks.items()}
    return preview_program(lambda: Network("city", args).export(), stack="prod", unknowns=unknowns, stacks=told)


def test_a_stack_has_the_zone_of_its_environment(balanced: Plan, mapped: Plan) -> None:
    assert zone(balanced).inputs["dnsName"] == "bicyclecity.example."
    assert zone(mapped).inputs["dnsName"] == "dev.bicyclecity.example."


def test_a_zone_is_signed(balanced: Plan) -> None:
    assert zone(balanced).inputs["dnssecConfig"]["state"] == "on"


def test_a_zone_is_protected_where_event_stores_are_kept(balanced: Plan, mapped: Plan) -> None:
    assert zone(balanced).protect
    assert not zone(mapped).protect


def test_a_zone_never_takes_records_with_it_that_others_have_made(balanced: Plan, mapped: Plan) -> None:
    for plan in (balanced, mapped):
        assert not zone(plan).inputs.get("forceDestroy")


def test_every_record_has_a_full_name_in_the_stacks_zone(balanced: Plan, mapped: Plan) -> None:
    for plan, domain in ((balanced, "bicyclecity.example."), (mapped, "dev.bicyclecity.example.")):
        named = [record.inputs["name"] for record in of(plan, RECORD)]
        assert all(name == UNKNOWN or name.endswith((f".{domain}", ".name")) for name in named)


def test_production_that_delegates_nothing_asks_no_other_stack(balanced: Plan) -> None:
    """So it previews and deploys first, on an empty backend."""
    assert balanced.of(REFERENCE) == ()
    assert records(balanced, "NS") == {}


def test_production_asks_the_stacks_it_names_for_their_name_servers() -> None:
    plan = _production({"dev": "stack"}, dev=["ns-1.example.", "ns-2.example."])
    assert [reference.name for reference in plan.of(REFERENCE)] == [DEV]
    assert records(plan, "NS") == {"dev.bicyclecity.example.": ["ns-1.example.", "ns-2.example."]}


def test_name_servers_may_be_listed_with_or_without_a_dot_at_the_end() -> None:
    plan = _production({"staging": ["ns-1.example", "ns-2.example."]})
    assert plan.of(REFERENCE) == ()
    assert records(plan, "NS") == {"stg.bicyclecity.example.": ["ns-1.example.", "ns-2.example."]}


def test_what_another_stack_will_say_may_be_unknown() -> None:
    plan = _production({"dev": "stack", "staging": "stack"}, unknowns=True)
    assert [reference.name for reference in plan.of(REFERENCE)] == [DEV, STAGING]
    assert records(plan, "NS") == {"dev.bicyclecity.example.": UNKNOWN, "stg.bicyclecity.example.": UNKNOWN}


@pytest.mark.parametrize("servers", [[], None])
def test_a_stack_without_a_zone_is_told_with_the_next_step(servers: list[str] | None) -> None:
    with pytest.raises(RunError, match=r"^Pulumi.prod.yaml: `blossm:delegations` asks the stack `dev`, and it has no zone yet"):
        _production({"dev": "stack"}, dev=servers)


def test_a_preview_says_which_stack_it_would_have_to_know() -> None:
    delegating = {"blossm:delegations": '{"dev": "stack"}'}
    with pytest.raises(Exception, match=r"nothing is known of the stack organization/blossm/dev"):
        planned(only_facts("production"), stack="prod", config=delegating)
