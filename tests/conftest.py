from __future__ import annotations

import pytest
from tests.transports import WAYS


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "ways(*names, because): the test goes only these ways (see tests/transports.py)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that has something to do with a `way` goes all of them, but for those that its marks leave out."""
    if "way" not in metafunc.fixturenames:
        return
    ways = list(WAYS)
    for mark in metafunc.definition.iter_markers("ways"):
        assert mark.kwargs["because"]
        assert set(mark.args) <= {way.name for way in WAYS}
        ways = [way for way in ways if way.name in mark.args]
    metafunc.parametrize("way", ways, ids=[way.name for way in ways])
