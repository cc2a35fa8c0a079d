from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.gateways.city import City, opened
from tests.transports import Way


@pytest.fixture
async def city(wire: Way) -> AsyncIterator[City]:
    async with opened(City(), wire) as city:
        yield city
