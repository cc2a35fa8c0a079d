"""What a stack stands on: APIs, the private network, the registry, and Google's own callers."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace

import pytest
from tests.infra.networks import bicycle_city, command
from tests.infra.plans import planned

from blossm.model.network import Issuer
from blossm_infra import naming
from blossm_infra.foundation import apis
from blossm_infra.labels import labels
from blossm_infra.preview import SAMPLE, Plan
from blossm_infra.settings import GatewayMode, settings_of

API = "gcp:projects/service:Service"
VPC = "blossm:infra:Vpc"
NETWORK = "gcp:compute/network:Network"
SUBNET = "gcp:compute/subnetwork:Subnetwork"
ZONE = "gcp:dns/managedZone:ManagedZone"
RECORD = "gcp:dns/recordSet:RecordSet"
REGISTRY = "gcp:artifactregistry/repository:Repository"
ACCOUNT = "gcp:serviceaccount/account:Account"
SERVICE = "gcp:cloudrunv2/service:Service"


def _apis(gateways: GatewayMode, *, issuer: Issuer | None = None) -> tuple[str, ...]:
    settings = settings_of({**SAMPLE, "blossm:gateways": gateways}, stack="dev")
    issuers = {issuer.name: issuer} if issuer else {}
    return apis(replace(bicycle_city(), issuers=issuers), settings)


def test_only_the_apis_that_a_stack_needs_are_switched_on() -> None:
    plain = _apis("none")
    assert "certificatemanager" not in plain
    assert "cloudkms" not in plain
    assert set(_apis("loadbalancer")) - set(plain) == {"certificatemanager"}
    assert set(_apis("none", issuer=Issuer(name="a", issuer="https://a", key="challenge"))) - set(plain) == {"cloudkms"}
    assert (
        _apis("none", issuer=Issuer(name="a", issuer="https://a", key="projects/p/locations/l/keyRings/r/cryptoKeys/k")) == plain
    )


def test_a_procedure_that_is_added_switches_on_no_api() -> None:
    settings, city = settings_of(SAMPLE, stack="dev"), bicycle_city()
    lock = replace(command("shop.bicycle.lock"), schedule="0 5 * * *", secrets={"KEY": "key"})
    assert apis(replace(city, commands={**city.commands, lock.address: lock}), settings) == apis(city, settings)


def test_an_api_stays_on_when_a_stack_goes(dev: Plan) -> None:
    assert {api.inputs["disableOnDestroy"] for api in dev.of(API)} == {False}
    assert {api.inputs["service"].removesuffix(".googleapis.com") for api in dev.of(API)} > {"run", "pubsub", "dns", "compute"}


def test_everything_of_the_foundation_waits_for_the_apis(dev: Plan) -> None:
    on = {api.urn for api in dev.of(API)}
    for waiting in (dev.one(REGISTRY), dev.one(VPC), dev.one(ACCOUNT, name=naming.push_account())):
        assert on <= set(waiting.depends_on)


def test_every_procedure_stands_in_the_stacks_own_subnet(dev: Plan) -> None:
    network, subnet = dev.one(NETWORK, name=naming.vpc()), dev.one(SUBNET, name=naming.vpc())
    assert network.inputs["autoCreateSubnetworks"] is False
    assert subnet.inputs["privateIpGoogleAccess"] is True
    assert subnet.inputs["region"] == "europe-west1"
    for service in dev.of(SERVICE):
        (interface,) = service.inputs["template"]["vpcAccess"]["networkInterfaces"]
        assert interface["subnetwork"] == dev.one(VPC).outputs["subnetwork"]


def test_the_subnet_has_two_addresses_for_each_of_thousands_of_instances(dev: Plan) -> None:
    range_ = ipaddress.ip_network(dev.one(SUBNET, name=naming.vpc()).inputs["ipCidrRange"])
    assert range_.is_private
    assert range_.num_addresses >= 2 * 10_000


def test_procedures_find_each_other_inside_googles_network(dev: Plan) -> None:
    zone = dev.one(ZONE, name=naming.private_zone())
    assert (zone.inputs["dnsName"], zone.inputs["visibility"]) == ("run.app.", "private")
    (seen,) = zone.inputs["privateVisibilityConfig"]["networks"]
    assert seen["networkUrl"] == dev.one(VPC).outputs["network"]
    records = {
        record.inputs["name"]: (record.inputs["type"], record.inputs["rrdatas"])
        for record in dev.of(RECORD)
        if record.inputs["managedZone"] == naming.private_zone()
    }
    private = [str(address) for address in ipaddress.ip_network("199.36.153.8/30")]  # private.googleapis.com
    assert records == {"run.app.": ("A", private), "*.run.app.": ("CNAME", ["run.app."])}


def test_images_without_a_tag_go_after_a_month_but_for_the_newest(dev: Plan) -> None:
    registry = dev.one(REGISTRY).inputs
    assert registry["format"] == "DOCKER"
    policies = {policy["id"]: policy for policy in registry["cleanupPolicies"]}
    assert policies["newest"]["action"] == "KEEP"
    assert policies["newest"]["mostRecentVersions"] == {"keepCount": 10}
    assert policies["untagged"]["action"] == "DELETE"
    assert policies["untagged"]["condition"] == {"tagState": "UNTAGGED", "olderThan": "2592000s"}


def test_google_calls_as_accounts_that_have_no_role_of_their_own(dev: Plan) -> None:
    accounts = {account.inputs["accountId"] for account in dev.of(ACCOUNT)}
    assert {naming.push_account(), naming.scheduler_account()} < accounts
    assert not [resource for resource in dev.resources if resource.type.startswith("gcp:projects/iAM")]


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_whatever_takes_labels_tells_network_and_environment(stack: str, request: pytest.FixtureRequest) -> None:
    plan: Plan = request.getfixturevalue(stack)
    environment = {"dev": "development", "prod": "production"}[stack]
    labelled = [SERVICE, REGISTRY, "gcp:pubsub/topic:Topic", "gcp:pubsub/subscription:Subscription"]
    found = [*plan.of(*labelled), plan.one(ZONE, name=naming.private_zone())]
    assert all(resource.inputs["labels"]["environment"] == environment for resource in found)
    assert all(resource.inputs["labels"]["network"] == "bicyclecity-example" for resource in found)


def test_a_label_that_is_empty_is_left_out() -> None:
    settings = settings_of(SAMPLE, stack="dev")
    said = labels(bicycle_city(), settings, service="shop", domain="")
    assert said == {"network": "bicyclecity-example", "environment": "development", "service": "shop"}


def test_before_the_first_up_the_foundation_is_planned_without_what_is_unknown() -> None:
    plan = planned(bicycle_city("production"), stack="prod", unknowns=True)
    assert plan.one(ZONE, name=naming.private_zone()).inputs["dnsName"] == "run.app."
    assert plan.one(REGISTRY).inputs["repositoryId"] == naming.registry()


def test_names_of_the_foundation_are_what_google_takes() -> None:
    for name in (naming.private_zone(), naming.registry(), naming.key_ring(), naming.vpc()):
        assert re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", name)
