from __future__ import annotations

import pytest
from tests.gateways.city import City


@pytest.fixture
def city() -> City:
    return City()
