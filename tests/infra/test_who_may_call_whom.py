"""The bindings are the model's edges and those of Google's own callers, and there are no others."""

from __future__ import annotations

import pytest
from tests.infra.networks import bicycle_city

from blossm.model.edges import edges
from blossm.model.network import Environment, Network, Ref
from blossm_infra import naming
from blossm_infra.deployed import dispatched
from blossm_infra.preview import Plan

BINDING = "gcp:cloudrunv2/serviceIamMember:ServiceIamMember"
PUBLISHER = "gcp:pubsub/topicIAMMember:TopicIAMMember"


def _runs_at(ref: Ref) -> Ref:
    """All event stores of a service run at one place."""
    return Ref("event-store", ref.address.split(".")[0]) if ref.kind == "event-store" else ref


def _member(account_id: str) -> str:
    return f"serviceAccount:{account_id}@blossm-preview.iam.gserviceaccount.com"


def _account(ref: Ref) -> str:
    return _member(naming.account_id(ref))


def _allowed(network: Network) -> set[tuple[str, str]]:
    """The model's edges, Pub/Sub's at projections, and what goes in and out of the dispatcher."""
    by_model = {(naming.service_name(_runs_at(edge.callee)), _account(_runs_at(edge.caller))) for edge in edges(network)}
    pushed = {(naming.service_name(projection.ref), _member("push-wake-ups")) for projection in network.projections.values()}
    later = {(naming.service_name(ref), _member("dispatcher")) for ref in dispatched(network)}
    to_dispatcher = {("dispatcher", _member(account)) for account in ("push-wake-ups", "call-later")}
    return by_model | pushed | later | to_dispatcher


@pytest.fixture(params=["development", "production"])
def city(request: pytest.FixtureRequest, dev: Plan, prod: Plan) -> tuple[Network, Plan]:
    environment: Environment = request.param
    return bicycle_city(environment), prod if environment == "production" else dev


def test_every_edge_is_a_binding_and_every_binding_an_edge(city: tuple[Network, Plan]) -> None:
    network, plan = city
    bound = [(binding.inputs["name"], binding.inputs["member"]) for binding in plan.of(BINDING)]
    assert set(bound) == _allowed(network)
    assert len(bound) == len(set(bound))  # several edges to one place are one binding


def test_a_binding_allows_to_call_and_nothing_else(city: tuple[Network, Plan]) -> None:
    assert {binding.inputs["role"] for binding in city[1].of(BINDING)} == {"roles/run.invoker"}


def test_nobody_calls_a_gateway_by_iam(city: tuple[Network, Plan]) -> None:
    assert not [binding for binding in city[1].of(BINDING) if binding.inputs["name"].startswith("gateway-")]


def test_two_procedures_may_call_each_other(dev: Plan) -> None:
    names = {binding.name for binding in dev.of(BINDING)}
    assert "command-shop-bicycle-paint-from-command-shop-bicycle-repaint" in names
    assert "command-shop-bicycle-repaint-from-command-shop-bicycle-paint" in names


def test_only_a_logs_own_event_store_and_the_safety_net_wake_its_projections(city: tuple[Network, Plan]) -> None:
    publishers = {(p.inputs["topic"], p.inputs["role"], p.inputs["member"]) for p in city[1].of(PUBLISHER)}
    assert publishers == {
        (f"wake-ups-{service}", "roles/pubsub.publisher", member)
        for service in ("shop", "staff")
        for member in (_account(Ref("event-store", service)), _member("dispatcher"))
    }


def test_no_procedure_has_a_role_in_the_whole_project(city: tuple[Network, Plan]) -> None:
    iam = {resource.type for resource in city[1].resources if "iam" in resource.type.lower()}
    assert iam == {
        BINDING,
        PUBLISHER,
        "gcp:secretmanager/secretIamMember:SecretIamMember",
        "gcp:cloudtasks/queueIamMember:QueueIamMember",
        "gcp:serviceaccount/iAMMember:IAMMember",
    }


def test_nothing_is_bound_to_everybody(city: tuple[Network, Plan]) -> None:
    members = {resource.inputs["member"] for resource in city[1].of(BINDING, PUBLISHER)}
    assert all(member.startswith("serviceAccount:") for member in members)
