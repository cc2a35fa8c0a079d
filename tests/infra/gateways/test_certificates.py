"""TLS for the load balancer: a wildcard per parent domain."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.infra.gateways.doors import CERTIFICATE, RECORD

from blossm_infra.gateways import hosts
from blossm_infra.preview import UNKNOWN, Plan

AUTHORIZATION = "gcp:certificatemanager/dnsAuthorization:DnsAuthorization"
ENTRY = "gcp:certificatemanager/certificateMapEntry:CertificateMapEntry"
PARENTS = ["bicycle.shop.bicyclecity.example", "bicyclecity.example", "garage.bicyclecity.example"]

label = st.from_regex(r"[a-z][a-z0-9-]{0,5}", fullmatch=True)


def test_each_parent_domain_has_a_wildcard_and_an_entry_in_the_map(balanced: Plan) -> None:
    wildcards = [f"*.{parent}" for parent in PARENTS]
    assert [certificate.inputs["managed"]["domains"] for certificate in balanced.of(CERTIFICATE)] == [[w] for w in wildcards]
    assert [entry.inputs["hostname"] for entry in balanced.of(ENTRY)] == wildcards


def test_a_domain_is_authorized_without_its_star_and_leaves_the_plain_challenge_to_others(balanced: Plan) -> None:
    authorizations = [authorization.inputs for authorization in balanced.of(AUTHORIZATION)]
    assert [authorization["domain"] for authorization in authorizations] == PARENTS
    assert {authorization["type"] for authorization in authorizations} == {"PER_PROJECT_RECORD"}


def test_what_google_asks_for_is_put_into_the_zone_before_the_certificate(balanced: Plan, *, unknowns: bool) -> None:
    for certificate in balanced.of(CERTIFICATE):
        proof = balanced.one(RECORD, name=certificate.name)
        assert proof.urn in certificate.depends_on
        authorization = balanced.one(AUTHORIZATION, name=certificate.name)
        if unknowns:
            assert (proof.inputs["name"], proof.inputs["rrdatas"]) == (UNKNOWN, [UNKNOWN])
        else:
            (asked,) = authorization.outputs["dnsResourceRecords"]
            assert (proof.inputs["name"], proof.inputs["type"], proof.inputs["rrdatas"]) == _told(asked)


def _told(asked: dict[str, str]) -> tuple[str, str, list[str]]:
    return asked["name"], asked["type"], [asked["data"]]


@given(st.lists(st.lists(label, min_size=2, max_size=5).map(".".join), max_size=20))
def test_every_host_is_covered_by_exactly_one_wildcard(named: list[str]) -> None:
    covering = hosts.parents(named)
    assert len(set(covering)) == len(covering)
    for host in named:
        assert [parent for parent in covering if host.partition(".")[2] == parent] == [hosts.parent(host)]
