"""What clients are told about where a cluster is."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pulumi
import pytest
from pulumi_mongodbatlas.outputs import AdvancedClusterConnectionStrings as Strings
from pulumi_mongodbatlas.outputs import AdvancedClusterConnectionStringsPrivateEndpoint as Endpoint

from blossm_infra.stores.addresses import AUDIENCE, address
from blossm_infra.stores.tiers import Way

PUBLIC = Strings(standard_srv="mongodb+srv://events.abc.mongodb.net")
PRIVATE = Strings(
    standard_srv="mongodb+srv://events.abc.mongodb.net",
    private_endpoints=[Endpoint(srv_connection_string="mongodb+srv://events-pl-0.abc.mongodb.net")],
)


def test_m0_and_flex_have_a_public_address() -> None:
    ways: tuple[Way, ...] = ("open", "fixed-address")
    for way in ways:
        assert address(PUBLIC, way=way, preview=False) == "mongodb+srv://events.abc.mongodb.net"


def test_a_private_endpoint_has_an_address_of_its_own_and_says_how_accounts_show_who_they_are() -> None:
    found = urlsplit(address(PRIVATE, way="private-endpoint", preview=False))
    assert found.hostname == "events-pl-0.abc.mongodb.net"
    assert parse_qs(found.query) == {
        "authSource": ["$external"],
        "authMechanism": ["MONGODB-OIDC"],
        "authMechanismProperties": [f"ENVIRONMENT:gcp,TOKEN_RESOURCE:{AUDIENCE}"],
    }


def test_no_address_has_credentials() -> None:
    for found in (
        urlsplit(address(PUBLIC, way="open", preview=False)),
        urlsplit(address(PRIVATE, way="private-endpoint", preview=False)),
    ):
        assert (found.username, found.password) == (None, None)


def test_a_cluster_that_is_about_to_grow_can_be_previewed() -> None:
    assert address(PUBLIC, way="private-endpoint", preview=True).startswith("mongodb+srv://known-after-up/?")


def test_a_cluster_that_has_grown_without_a_private_address_never_gets_the_public_one() -> None:
    with pytest.raises(pulumi.RunError, match="run `pulumi up` again"):
        address(PUBLIC, way="private-endpoint", preview=False)
