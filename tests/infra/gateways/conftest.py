"""One network in each mode, with and without what is unknown before a first `up`."""

from __future__ import annotations

import pytest
from tests.infra.networks import bicycle_city
from tests.infra.plans import planned

from blossm_infra.preview import Plan


@pytest.fixture(scope="package", params=[False, True], ids=["standing", "before the first up"])
def unknowns(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(scope="package")
def balanced(unknowns: bool) -> Plan:
    return planned(bicycle_city("production"), stack="prod", config={"blossm:gateways": "loadbalancer"}, unknowns=unknowns)


@pytest.fixture(scope="package")
def mapped(unknowns: bool) -> Plan:
    return planned(bicycle_city("development"), stack="dev", config={"blossm:gateways": "mapping"}, unknowns=unknowns)


@pytest.fixture(scope="package")
def bare(unknowns: bool) -> Plan:
    return planned(bicycle_city("development"), stack="dev", config={"blossm:gateways": "none"}, unknowns=unknowns)
