from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from tests.transports import WAYS, WIRES

pytest_plugins = ["tests.mongodb.fixtures"]

# A machine may be busy: no property fails because of the time it took.
settings.register_profile("blossm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("blossm")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "ways(*names, because): the test goes only these ways (see tests/transports.py)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test of a network goes all ways (`wire`: of one that has no processes to begin anew), but for what its marks say."""
    for fixture, ways in (("way", WAYS), ("wire", WIRES)):
        if fixture in metafunc.fixturenames:
            left = list(ways)
            for mark in metafunc.definition.iter_markers("ways"):
                assert mark.kwargs["because"]
                assert set(mark.args) <= {way.name for way in WAYS}
                left = [way for way in left if way.name in mark.args]
            metafunc.parametrize(fixture, left, ids=[way.name for way in left])
