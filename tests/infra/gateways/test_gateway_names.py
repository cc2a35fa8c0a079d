"""Names of what gateways stand behind: unique, stable, within every limit."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from blossm_infra import naming

label = st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
domains = st.lists(label, min_size=2, max_size=8).map(".".join)


@given(domains)
def test_zones_and_certificates_have_names_that_google_takes(domain: str) -> None:
    for name in (naming.zone(domain), naming.wildcard(domain)):
        assert re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", name)


@given(st.lists(domains, unique=True, max_size=6))
def test_no_two_domains_share_a_name(several: list[str]) -> None:
    for name in (naming.zone, naming.wildcard):
        assert len({name(domain) for domain in several}) == len(several)


@given(domains, st.sampled_from(["A", "AAAA", "CNAME", "NS"]))
def test_a_record_is_found_by_its_host(domain: str, kind: str) -> None:
    assert naming.record(domain, kind) == f"{domain}-{kind.lower()}"


def test_what_all_gateways_share_is_named_by_what_it_is() -> None:
    assert naming.load_balancer() == "gateways"
    assert naming.load_balancer("https", "ipv4") == "gateways-https-ipv4"
    assert naming.unknown_host() == "unknown-host"
