"""One door for all gateways."""

from __future__ import annotations

from tests.infra.gateways.doors import BACKEND, GROUP, URL_MAP, below_gateways, records

from blossm_infra.preview import SAMPLE, Plan, Registered

PROJECT = SAMPLE["gcp:project"]
HOSTS = {
    "c.bicycle.shop.bicyclecity.example": "gateway-c-bicycle-shop",
    "f.bicyclecity.example": "gateway-f",
    "v.garage.bicyclecity.example": "gateway-v-garage",
}


def _url_map(plan: Plan) -> Registered:
    return plan.one(URL_MAP, name="gateways")


def test_each_host_leads_to_its_own_gateway(balanced: Plan) -> None:
    rules = _url_map(balanced).inputs["hostRules"]
    assert [(*rule["hosts"], rule["pathMatcher"]) for rule in rules] == list(HOSTS.items())
    assert [matcher["name"] for matcher in _url_map(balanced).inputs["pathMatchers"]] == list(HOSTS.values())


def test_a_matcher_leads_to_the_backend_of_its_name(balanced: Plan, *, unknowns: bool) -> None:
    if not unknowns:
        for matcher in _url_map(balanced).inputs["pathMatchers"]:
            assert matcher["defaultService"].endswith(f"/backendServices/{matcher['name']}")


def test_a_host_that_no_gateway_has_is_not_found(balanced: Plan) -> None:
    refused = _url_map(balanced).inputs["defaultRouteAction"]["faultInjectionPolicy"]["abort"]
    assert refused == {"httpStatus": 404, "percentage": 100}
    assert balanced.one(BACKEND, name="unknown-host").inputs["backends"] == []


def test_a_backend_is_a_cloud_run_service_and_sets_no_timeout_which_google_refuses_there(balanced: Plan) -> None:
    for name in HOSTS.values():
        backend, group = balanced.one(BACKEND, name=name).inputs, balanced.one(GROUP, name=name).inputs
        assert group["networkEndpointType"] == "SERVERLESS"
        assert group["region"] == "europe-west1"
        assert len(backend["backends"]) == 1
        assert {"timeoutSec", "healthChecks"}.isdisjoint(backend)


def test_a_group_leads_to_the_gateways_service(balanced: Plan, *, unknowns: bool) -> None:
    if not unknowns:
        assert [group.inputs["cloudRun"] for group in balanced.of(GROUP)] == [{"service": name} for name in HOSTS.values()]


def test_every_request_is_logged(balanced: Plan) -> None:
    assert all(backend.inputs["logConfig"] == {"enable": True, "sampleRate": 1} for backend in balanced.of(BACKEND))


def test_http_is_sent_to_https_as_the_request_it_was(balanced: Plan) -> None:
    redirect = balanced.one(URL_MAP, name="gateways-http").inputs["defaultUrlRedirect"]
    assert redirect == {"httpsRedirect": True, "redirectResponseCode": "PERMANENT_REDIRECT", "stripQuery": False}


def test_old_tls_is_refused(balanced: Plan) -> None:
    policy = balanced.one("gcp:compute/sSLPolicy:SSLPolicy").inputs
    assert (policy["minTlsVersion"], policy["profile"]) == ("TLS_1_2", "MODERN")


def test_both_protocols_listen_on_both_addresses(balanced: Plan) -> None:
    rules = balanced.of("gcp:compute/globalForwardingRule:GlobalForwardingRule")
    assert {rule.name: rule.inputs["portRange"] for rule in rules} == {
        "gateways-http-ipv4": "80",
        "gateways-http-ipv6": "80",
        "gateways-https-ipv4": "443",
        "gateways-https-ipv6": "443",
    }


def test_all_of_it_is_the_same_kind_of_load_balancer(balanced: Plan) -> None:
    parts = [part.inputs for part in below_gateways(balanced)]
    schemes = {part["loadBalancingScheme"] for part in parts if "loadBalancingScheme" in part}
    assert schemes == {"EXTERNAL_MANAGED"}


def test_hosts_lead_to_one_name_that_has_the_addresses(balanced: Plan, *, unknowns: bool) -> None:
    cnames = records(balanced, "CNAME")
    assert {cnames[f"{host}."][0] for host in HOSTS} == {"gateways.bicyclecity.example."}
    assert list(records(balanced, "A")) == list(records(balanced, "AAAA")) == ["gateways.bicyclecity.example."]
    if not unknowns:
        address = balanced.one("gcp:compute/globalAddress:GlobalAddress", name="gateways-ipv4").outputs["address"]
        assert records(balanced, "A")["gateways.bicyclecity.example."] == [address]


def test_the_proxy_has_the_certificates_of_the_map(balanced: Plan, *, unknowns: bool) -> None:
    proxy = balanced.one("gcp:compute/targetHttpsProxy:TargetHttpsProxy").inputs
    if not unknowns:
        name = f"projects/{PROJECT}/locations/global/certificateMaps/gateways"
        assert proxy["certificateMap"] == f"//certificatemanager.googleapis.com/{name}"
