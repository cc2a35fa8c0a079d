"""Issuers that sign by KMS: which keys the stack makes, and which gateways may check tokens by them."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.infra.networks import bicycle_city, place
from tests.infra.plans import planned

from blossm.model.network import Access, CommandGatewaySpec, Entry, Environment, Issuer, Network, Ref
from blossm_infra import naming
from blossm_infra.preview import SAMPLE, Plan, Registered
from blossm_infra.signing_keys import believed, own_keys

RING = "gcp:kms/keyRing:KeyRing"
KEY = "gcp:kms/cryptoKey:CryptoKey"
BINDING = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
SERVICE = "gcp:cloudrunv2/service:Service"

THEIRS = "projects/identity/locations/global/keyRings/tokens/cryptoKeys/access"
OURS = "projects/blossm-preview/locations/europe-west1/keyRings/blossm/cryptoKeys/key-challenge"

JWKS = Issuer(name="web", issuer="https://id.example", jwks="https://id.example/jwks.json")
CHALLENGE = Issuer(name="challenge", issuer="https://challenge.example", key="challenge")
ACCESS = Issuer(name="access", issuer="https://access.example", key=THEIRS)


def _gateway(*accesses: Access) -> CommandGatewaySpec:
    target = Ref("command", "shop.bicycle.register")
    entries = {f"entry{n}": Entry(name=f"entry{n}", target=target, access=a, at=place(60)) for n, a in enumerate(accesses)}
    gateway = bicycle_city().command_gateways["c.bicycle.shop"]
    return replace(gateway, entries=entries)


def _city(*issuers: Issuer, environment: Environment = "development", gateway: CommandGatewaySpec | None = None) -> Network:
    city = bicycle_city(environment)
    gateways = {"c.bicycle.shop": gateway} if gateway else city.command_gateways
    return replace(city, issuers={issuer.name: issuer for issuer in issuers}, command_gateways=gateways)


def _told(service: Registered) -> dict[str, str]:
    (container,) = service.inputs["template"]["containers"]
    values = {variable["name"]: variable.get("value") for variable in container["envs"]}
    keys: dict[str, str] = json.loads(values.get("BLOSSM_KEYS", "{}"))
    return keys


@pytest.fixture(scope="module")
def keyed() -> Plan:
    """Everybody's first issuer has jwks; the shop's answers to a challenge are signed by the stack, one entry by others."""
    gateway = _gateway(Access(rule="signed_in"), Access(rule="any", issuer="challenge"), Access(rule="any", issuer="access"))
    return planned(_city(JWKS, CHALLENGE, ACCESS, gateway=gateway))


def test_a_network_whose_issuers_have_no_key_has_no_ring(dev: Plan) -> None:
    assert dev.of(RING, KEY, BINDING) == ()


def test_an_issuers_key_is_made_in_the_stacks_own_ring(keyed: Plan) -> None:
    assert keyed.one(RING).inputs["location"] == "europe-west1"
    key = keyed.one(KEY).inputs
    assert (key["name"], key["purpose"]) == ("key-challenge", "ASYMMETRIC_SIGN")
    assert key["versionTemplate"]["algorithm"] == "EC_SIGN_P256_SHA256"
    assert key["labels"]["environment"] == "development"


def test_a_key_of_others_is_not_made() -> None:
    plan = planned(_city(ACCESS))
    assert plan.of(RING, KEY) == ()
    assert {binding.inputs["cryptoKeyId"] for binding in plan.of(BINDING)} == {THEIRS}


def test_a_gateway_may_read_the_public_halves_of_what_it_checks_by(keyed: Plan) -> None:
    member = "serviceAccount:gateway-c-bicycle-shop@blossm-preview.iam.gserviceaccount.com"
    bound = {(b.inputs["cryptoKeyId"], b.inputs["role"], b.inputs["member"]) for b in keyed.of(BINDING)}
    assert bound == {(path, "roles/cloudkms.publicKeyViewer", member) for path in (OURS, THEIRS)}


def test_a_gateway_is_told_where_its_keys_are_and_others_are_told_nothing(keyed: Plan) -> None:
    told = {service.name: _told(service) for service in keyed.of(SERVICE)}
    assert told.pop("gateway-c-bicycle-shop") == {"challenge": OURS, "access": THEIRS}
    assert set(map(str, told.values())) == {"{}"}


def test_a_gateway_starts_when_its_keys_can_be_read(keyed: Plan) -> None:
    ours = keyed.one(KEY)
    (binding,) = [b for b in keyed.of(BINDING) if b.inputs["cryptoKeyId"] == OURS]
    assert ours.urn in binding.depends_on
    assert binding.urn in keyed.one(SERVICE, name="gateway-c-bicycle-shop").depends_on


def test_what_names_no_issuer_means_the_first_and_what_is_public_means_none() -> None:
    city = _city(CHALLENGE, ACCESS)
    assert believed(city, _gateway(Access(rule="public"))) == ()
    assert believed(city, _gateway(Access(rule="optional"))) == (CHALLENGE,)
    assert believed(city, _gateway(Access(rule="all", issuer="access"))) == (ACCESS,)
    assert believed(_city(), _gateway(Access(rule="signed_in"))) == ()


def test_two_issuers_may_share_a_key() -> None:
    other = replace(CHALLENGE, name="other")
    assert own_keys(_city(CHALLENGE, other)) == ("challenge",)
    assert len(planned(_city(CHALLENGE, other)).of(KEY)) == 1


@pytest.mark.parametrize(("protect", "policy"), [("true", "PREVENT"), ("false", "DELETE")])
def test_keys_are_kept_where_event_stores_are(protect: str, policy: str) -> None:
    plan = planned(_city(CHALLENGE), config={**SAMPLE, "blossm:protect": protect})
    assert (plan.one(RING).protect, plan.one(KEY).protect) == (protect == "true", protect == "true")
    assert plan.one(KEY).inputs["deletionPolicy"] == policy


def test_production_keeps_its_keys_whatever_it_says() -> None:
    plan = planned(_city(CHALLENGE, environment="production"), stack="prod")
    assert plan.one(KEY).protect
    assert plan.one(KEY).inputs["deletionPolicy"] == "PREVENT"


def test_before_the_first_up_a_gateways_keys_are_known() -> None:
    plan = planned(_city(CHALLENGE, environment="production"), stack="prod", unknowns=True)
    assert {binding.inputs["cryptoKeyId"] for binding in plan.of(BINDING)} == {OURS}


@given(st.from_regex(r"[A-Za-z0-9_-]{1,80}", fullmatch=True))
def test_a_keys_name_is_what_kms_takes(key: str) -> None:
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,63}", naming.signing_key(key))


@given(st.lists(st.from_regex(r"[A-Za-z0-9_-]{1,80}", fullmatch=True), unique=True, max_size=20))
def test_no_two_keys_share_a_name(keys: list[str]) -> None:
    assert len({naming.signing_key(key) for key in keys}) == len(keys)
