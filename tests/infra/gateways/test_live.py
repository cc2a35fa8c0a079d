"""Live views in the cloud."""

from __future__ import annotations

from dataclasses import replace

from tests.infra.gateways.doors import SERVICE
from tests.infra.networks import bicycle_city

from blossm.model.network import Network, Ref, Shape
from blossm.procedures.doors.live import ANSWER, LIFE
from blossm_infra.container import LIVE, container
from blossm_infra.deployed import deployed
from blossm_infra.preview import SAMPLE, Plan
from blossm_infra.settings import settings_of


def _timeout(network: Network) -> str:
    gateway = deployed(network)[Ref("view-gateway", "v.garage")]
    return container(gateway, settings_of(SAMPLE, stack="dev")).timeout


def test_nothing_cuts_a_live_view_off_before_it_ends_by_itself() -> None:
    assert LIVE == LIFE + ANSWER
    assert _timeout(bicycle_city()) == f"{LIVE:g}s"


def test_a_view_gateway_may_ask_for_more_time() -> None:
    city = bicycle_city()
    patient = {address: replace(gateway, shape=Shape(timeout=600)) for address, gateway in city.view_gateways.items()}
    assert _timeout(replace(city, view_gateways=patient)) == "600s"


def test_other_gateways_take_the_time_that_blossm_yaml_says(balanced: Plan) -> None:
    assert balanced.one(SERVICE, name="gateway-c-bicycle-shop").inputs["template"]["timeout"] == "60s"
