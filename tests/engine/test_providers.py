"""The providers that stand in for Google and Atlas behave as the real ones where it matters."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2
from tools.pulumi.plugins.changes import changed, replaces
from tools.pulumi.plugins.journal import AskedToFail, Entry, Journal
from tools.pulumi.plugins.provider import Provider

from blossm_infra.harness.wire import UNKNOWN, Secret, decode, encode

_TOPIC, _SECRET = "gcp:pubsub/topic:Topic", "gcp:secretmanager/secretVersion:SecretVersion"
_SERVICE, _CLUSTER = "gcp:cloudrunv2/service:Service", "mongodbatlas:index/advancedCluster:AdvancedCluster"


class _Refused(Exception):
    pass


class _Context:
    """What a call is answered with when it fails."""

    def abort(self, code: grpc.StatusCode, why: str) -> None:
        raise _Refused(why)


def _urn(token: str, name: str = "it") -> str:
    return f"urn:pulumi:dev::blossm::blossm:infra:Network${token}::{name}"


def _check(token: str, inputs: dict[str, Any]) -> provider_pb2.CheckResponse:
    return Provider("gcp", Journal()).Check(provider_pb2.CheckRequest(urn=_urn(token), news=encode(inputs)), None)


def _create(token: str, inputs: dict[str, Any], *, preview: bool = False) -> dict[str, Any]:
    request = provider_pb2.CreateRequest(urn=_urn(token), properties=encode(inputs), preview=preview)
    return decode(Provider("gcp", Journal()).Create(request, _Context()).properties)  # type: ignore[arg-type]


def _delete(token: str, properties: dict[str, Any]) -> None:
    request = provider_pb2.DeleteRequest(urn=_urn(token), properties=encode(properties))
    Provider("gcp", Journal()).Delete(request, _Context())  # type: ignore[arg-type]


def test_a_property_that_a_type_has_not_is_refused() -> None:
    (failure,) = _check(_TOPIC, {"nmae": "wake-ups"}).failures
    assert failure.property == "nmae"


def test_a_resource_without_a_name_gets_one_and_a_binding_does_not() -> None:
    assert decode(_check(_TOPIC, {}).inputs)["name"].startswith("it-")
    binding = {"name": "topic", "role": "r", "member": "m", "location": "l"}
    assert decode(_check("gcp:cloudrunv2/serviceIamMember:ServiceIamMember", binding).inputs) == binding


def test_before_it_exists_what_is_computed_is_unknown() -> None:
    assert _create(_SERVICE, {"name": "it", "location": "l"}, preview=True)["uri"] == UNKNOWN
    assert isinstance(_create(_SERVICE, {"name": "it", "location": "l"})["uri"], str)


def test_a_write_only_argument_is_among_no_outputs_and_matters_with_its_version_only() -> None:
    inputs = {"secret": "s", "secretDataWo": Secret("x"), "secretDataWoVersion": 1}
    assert "secretDataWo" not in _create(_SECRET, inputs)
    assert not list(changed(inputs, {**inputs, "secretDataWo": Secret("y")}))
    assert list(changed(inputs, {**inputs, "secretDataWo": Secret("y"), "secretDataWoVersion": 2})) == [
        "secretDataWo",
        "secretDataWoVersion",
    ]


@pytest.mark.parametrize(
    ("token", "properties"),
    [
        (_TOPIC, {"deletionPolicy": "PREVENT"}),
        (_SERVICE, {"deletionProtection": True}),
        (_SERVICE, {}),
        (_CLUSTER, {"terminationProtectionEnabled": True}),
    ],
    ids=["a policy", "protection", "protection by default", "termination protection"],
)
def test_what_is_protected_at_the_provider_is_not_deleted(token: str, properties: dict[str, Any]) -> None:
    with pytest.raises(_Refused, match="may not be deleted"):
        _delete(token, properties)


def test_what_is_not_protected_is_deleted() -> None:
    _delete(_SERVICE, {"deletionProtection": False})
    _delete(_TOPIC, {})


def test_another_region_needs_another_resource_and_another_label_does_not() -> None:
    assert replaces(_SERVICE, "location")
    assert not replaces(_SERVICE, "labels")


@pytest.mark.parametrize(
    ("token", "key"),
    [
        ("gcp:secretmanager/secret:Secret", "replication"),
        (_CLUSTER, "name"),
        ("gcp:compute/subnetwork:Subnetwork", "ipCollection"),
    ],
)
def test_what_the_sdk_says_can_not_be_changed_needs_another_resource(token: str, key: str) -> None:
    assert replaces(token, key)


def test_a_call_that_nothing_answers_fails() -> None:
    with pytest.raises(_Refused, match="nothing answers gcp:x/y:z"):
        Provider("gcp", Journal()).Invoke(provider_pb2.InvokeRequest(tok="gcp:x/y:z"), _Context())  # type: ignore[arg-type]


@pytest.mark.parametrize("where", ["2", "create second"], ids=["by number", "by name"])
def test_a_journal_fails_where_it_is_asked_to(where: str) -> None:
    journal = Journal(fail=where)
    journal.write(Entry("create", _TOPIC, "first"))
    with pytest.raises(AskedToFail):
        journal.write(Entry("create", _TOPIC, "second"))
    assert [entry.name for entry in journal.entries] == ["first"]
