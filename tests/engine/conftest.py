"""Projects that tests deploy. Where there is no pulumi CLI a test says so, and in CI that is a failure."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.engine.deployments import Deployments
from tests.engine.inline import InlineHost
from tests.engine.town import TOWN
from tools.pulumi.cli import MISSING, find_cli
from tools.pulumi.plugins.journal import Journal
from tools.pulumi.plugins.serving import providers, served


@pytest.fixture(scope="session")
def cli() -> Path:
    if found := find_cli():
        return found
    if os.environ.get("BLOSSM_NEEDS_PULUMI"):
        pytest.fail(MISSING)
    pytest.skip(MISSING)


def _deployments(folder: Path, cli: Path) -> Iterator[Deployments]:
    journal = Journal()
    with ExitStack() as stack:
        found = stack.enter_context(providers(journal))
        host = stack.enter_context(served(InlineHost("")))
        yield Deployments(folder, cli, journal=journal, providers=found, host=f"127.0.0.1:{host}")


@pytest.fixture
def deployments(tmp_path: Path, cli: Path) -> Iterator[Deployments]:
    """A project whose network is the town; no stack has begun."""
    for made in _deployments(tmp_path, cli):
        made.write(TOWN)
        yield made


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory, cli: Path) -> Iterator[Deployments]:
    """The town in production, deployed: for tests that change nothing, as all that they ask is refused."""
    for made in _deployments(tmp_path_factory.mktemp("production"), cli):
        made.write(TOWN)
        made.begin("prod")
        ran = made.up("prod")
        assert ran.code == 0, ran.said
        yield made


@pytest.fixture
def deployed(production: Deployments, tmp_path: Path) -> Deployments:
    """A production of the test's own, deployed: it may do with it what it likes."""
    return production.copy(tmp_path)
