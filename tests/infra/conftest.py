"""Previews that several tests look at: each is made once."""

from __future__ import annotations

import pytest
from tests.infra.networks import bicycle_city
from tests.infra.plans import planned

from blossm_infra.preview import Plan


@pytest.fixture(scope="session")
def dev() -> Plan:
    return planned(bicycle_city("development"), stack="dev")


@pytest.fixture(scope="session")
def prod() -> Plan:
    return planned(bicycle_city("production"), stack="prod")
