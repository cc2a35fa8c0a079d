"""What a network becomes: counted and looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pulumi
import pytest
from tests.infra.networks import bicycle_city, command
from tests.infra.plans import planned

from blossm.model.network import Network as Model
from blossm.model.network import Ref, Shape
from blossm_infra.deployed import home
from blossm_infra.network import Network, NetworkArgs
from blossm_infra.preview import SAMPLE, UNKNOWN, Plan, Registered, preview_program
from blossm_infra.settings import settings_of

SERVICE = "gcp:cloudrunv2/service:Service"
ACCOUNT = "gcp:serviceaccount/account:Account"
TOPIC = "gcp:pubsub/topic:Topic"
SUBSCRIPTION = "gcp:pubsub/subscription:Subscription"


def _container(service: Registered) -> dict[str, Any]:
    (container,) = service.inputs["template"]["containers"]
    assert isinstance(container, dict)
    return container


def _kind(service: Registered) -> str:
    kind: str = service.inputs["labels"]["kind"]
    return kind


def test_a_network_is_counted(dev: Plan, prod: Plan) -> None:
    counted = {
        "blossm:infra:Network": 1,
        "blossm:infra:Foundation": 1,
        "blossm:infra:Store": 2,
        "blossm:infra:Service": 2,  # shop, staff
        "blossm:infra:EventStore": 3,  # bicycle, wheel, mechanic
        "blossm:infra:Domain": 2,  # bicycle, mechanic: wheel has an event store only, which is the service's
        "blossm:infra:WakeUps": 2,
        "blossm:infra:Context": 2,  # garage, and the views without a context
        "blossm:infra:Procedure": 16,  # 17 procedures, of which the event stores of bicycle and wheel are one
        "blossm:infra:Dispatcher": 1,
        "blossm:infra:Gateways": 1,
        SERVICE: 17,  # and the dispatcher
        TOPIC: 2,
        SUBSCRIPTION: 4,  # bicycles listens to shop and staff, totals to shop, and the dispatcher to shop
        "gcp:pubsub/topicIAMMember:TopicIAMMember": 4,  # each log's event store, and the dispatcher
        "gcp:cloudrunv2/serviceIamMember:ServiceIamMember": 33,
    }
    for plan in (dev, prod):
        assert {kind: plan.counts().get(kind, 0) for kind in counted} == counted


def test_the_event_stores_of_a_service_are_one_cloud_run_service(dev: Plan) -> None:
    stores = [service.name for service in dev.of(SERVICE) if _kind(service) == "event-store"]
    assert stores == ["event-store-shop", "event-store-staff"]


def test_every_procedure_runs_as_an_account_of_its_own(dev: Plan) -> None:
    accounts = [service.inputs["template"]["serviceAccount"] for service in dev.of(SERVICE)]
    assert len(set(accounts)) == len(accounts)
    assert set(accounts) < {account.outputs["email"] for account in dev.of(ACCOUNT)}


def test_only_gateways_are_open_to_the_world(dev: Plan) -> None:
    for service in dev.of(SERVICE):
        public = _kind(service).endswith("gateway")
        assert service.inputs["ingress"] == ("INGRESS_TRAFFIC_ALL" if public else "INGRESS_TRAFFIC_INTERNAL_ONLY")
        assert service.inputs["invokerIamDisabled"] is public


def test_what_starts_is_asked_in_its_own_protocol(dev: Plan) -> None:
    for service in dev.of(SERVICE):
        container = _container(service)
        probe = "grpc" if container["ports"]["name"] == "h2c" else "httpGet"
        assert container["startupProbe"][probe]["port"] == container["ports"]["containerPort"]


def test_cpus_are_given_on_purpose(dev: Plan, prod: Plan) -> None:
    for plan in (dev, prod):
        assert all("cpuIdle" in _container(service)["resources"] for service in plan.of(SERVICE))
    assert _container(prod.one(SERVICE, name="event-store-shop"))["resources"]["cpuIdle"] is False


def test_a_secret_is_a_reference(dev: Plan) -> None:
    variables = _container(dev.one(SERVICE, name="command-shop-bicycle-paint"))["envs"]
    (secret,) = [variable for variable in variables if variable["name"] == "PAINT_KEY"]
    assert secret == {"name": "PAINT_KEY", "valueSource": {"secretKeyRef": {"secret": "paint-key", "version": "latest"}}}


def test_a_procedure_can_be_found_by_its_labels(prod: Plan) -> None:
    assert prod.one(SERVICE, name="command-shop-bicycle-paint").inputs["labels"] == {
        "network": "bicyclecity-example",
        "environment": "production",
        "kind": "command",
        "service": "shop",
        "domain": "bicycle",
    }


def test_a_service_with_a_log_has_one_topic_that_its_event_store_knows(dev: Plan) -> None:
    assert [topic.name for topic in dev.of(TOPIC)] == ["wake-ups-shop", "wake-ups-staff"]
    known = _container(dev.one(SERVICE, name="event-store-shop"))["envs"]
    assert {"name": "BLOSSM_WAKE_UPS", "value": "projects/blossm-preview/topics/wake-ups-shop"} in known


def test_a_projection_has_one_subscription_per_service_it_listens_to(dev: Plan) -> None:
    heard = {
        (s.inputs["topic"].rsplit("/", 1)[-1], s.name.partition("-for-")[2]) for s in dev.of(SUBSCRIPTION) if "-for-" in s.name
    }
    assert heard == {
        ("wake-ups-shop", "garage-bicycles"),
        ("wake-ups-staff", "garage-bicycles"),
        ("wake-ups-shop", "totals"),
    }


def test_a_subscription_pushes_as_somebody_and_never_ends(dev: Plan) -> None:
    uri = dev.one(SERVICE, name="projection-totals").outputs["uri"]
    inputs = dev.one(SUBSCRIPTION, name="wake-ups-shop-for-totals").inputs
    assert inputs["pushConfig"] == {
        "pushEndpoint": f"{uri}/wake-up",
        "oidcToken": {"serviceAccountEmail": "push-wake-ups@blossm-preview.iam.gserviceaccount.com", "audience": uri},
    }
    assert inputs["expirationPolicy"] == {"ttl": ""}
    assert inputs["retryPolicy"] == {"minimumBackoff": "1s", "maximumBackoff": "60s"}


def test_a_stack_tells_where_its_gateways_are_and_how_much_there_is(prod: Plan) -> None:
    assert prod.outputs["hosts"] == {
        "c.bicycle.shop": "c.bicycle.shop.bicyclecity.example",
        "f": "f.bicyclecity.example",
        "v.garage": "v.garage.bicyclecity.example",
    }
    assert prod.outputs["addresses"]["f"] == "https://f.bicyclecity.example"
    assert prod.outputs["counts"] == {
        "event-store": 3,
        "command": 4,
        "fact": 3,
        "command-gateway": 1,
        "fact-gateway": 1,
        "view-store": 2,
        "projection": 2,
        "view-gateway": 1,
    }


def test_everything_lies_below_its_component(dev: Plan) -> None:
    components = {resource.urn for resource in dev.resources if resource.type.startswith("blossm:infra:")}
    assert all(resource.parent in components for resource in dev.resources if resource.custom)


def test_before_the_first_up_what_is_computed_is_unknown_and_nothing_breaks() -> None:
    plan = planned(bicycle_city("production"), stack="prod", unknowns=True)
    push = plan.one(SUBSCRIPTION, name="wake-ups-shop-for-totals").inputs["pushConfig"]
    assert push["oidcToken"]["serviceAccountEmail"] == UNKNOWN
    assert push["pushEndpoint"] == "https://projection-totals-123456789012.europe-west1.run.app/wake-up"
    assert plan.outputs["hosts"]["f"] == "f.bicyclecity.example"
    assert plan.counts()[SERVICE] == 17


def test_a_command_that_is_added_adds_its_resources_and_touches_no_other(dev: Plan) -> None:
    city, lock = bicycle_city(), command("shop.bicycle.lock")
    larger = planned(replace(city, commands={**city.commands, lock.address: lock}))
    after = {resource.urn: resource for resource in larger.resources}
    new = [resource for urn, resource in after.items() if urn not in {before.urn for before in dev.resources}]
    assert [(resource.type.split(":")[-1], resource.name) for resource in new] == [
        ("Procedure", "command-shop-bicycle-lock"),
        ("Service", "command-shop-bicycle-lock"),
        ("Account", "command-shop-bicycle-lock"),
        ("ServiceIamMember", "event-store-shop-from-command-shop-bicycle-lock"),
    ]
    assert [before.name for before in dev.resources if before.custom and after[before.urn] != before] == []


def test_a_network_for_another_environment_is_refused() -> None:
    with pytest.raises(pulumi.RunError, match="stack `prod` is production; this network is development"):
        planned(bicycle_city("development"), stack="prod")


def test_all_that_cloud_run_would_refuse_is_told_at_once_with_file_and_line() -> None:
    city = bicycle_city()
    greedy = {
        address: replace(spec, shape=Shape(memory="64Gi")) for address, spec in city.facts.items() if address.startswith("shop")
    }
    slow = {"shop.bicycle.register": replace(city.commands["shop.bicycle.register"], shape=Shape(cpu="0.5", concurrency=9))}
    with pytest.raises(pulumi.RunError) as refused:
        planned(replace(city, facts={**city.facts, **greedy}, commands={**city.commands, **slow}))
    assert [line.partition(": ")[0] for line in str(refused.value).splitlines()] == [
        "services/shop/bicycle/blossm.yaml:20:1",
        "services/shop/bicycle/blossm.yaml:40:1",
    ]


def test_a_network_of_one_event_store_is_enough() -> None:
    city = bicycle_city()
    alone = Model(
        name=city.name,
        environment=city.environment,
        environments=city.environments,
        services=city.services,
        event_stores={"shop.bicycle": city.event_stores["shop.bicycle"]},
    )
    plan = planned(alone)
    assert {service.name for service in plan.of(SERVICE)} == {"event-store-shop", "dispatcher"}
    assert plan.counts()[TOPIC] == 1


def test_refs_of_event_stores_lead_to_their_service() -> None:
    assert home(Ref("event-store", "shop.bicycle")) == home(home(Ref("event-store", "shop.wheel"))) == Ref("event-store", "shop")
    assert home(Ref("fact", "price")) == Ref("fact", "price")


def test_a_stack_holds_one_network() -> None:
    args = NetworkArgs(model=bicycle_city(), settings=settings_of(SAMPLE, stack="dev"))
    with pytest.raises(pulumi.RunError, match="this program has two Networks"):
        preview_program(lambda: (Network("one", args), Network("two", args)))
