"""Projects that tests deploy. Where there is no pulumi CLI a test says so, and in CI that is a failure."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.engine.deployments import Deployments
from tests.engine.forking import ForkingHost
from tests.engine.town import TOWN
from tools.pulumi.cli import MISSING, find_cli
from tools.pulumi.plugins.journal import Journal
from tools.pulumi.plugins.serving import providers, served

from blossm_infra.stacks import STACKS


@pytest.fixture(scope="session")
def cli() -> Path:
    if found := find_cli():
        return found
    if os.environ.get("BLOSSM_NEEDS_PULUMI"):
        pytest.fail(MISSING)
    pytest.skip(MISSING)


@pytest.fixture(scope="session")
def _begun(tmp_path_factory: pytest.TempPathFactory, cli: Path) -> Iterator[Deployments]:
    """The town, with all its stacks, none of them deployed: the CLI takes a second or two to begin one."""
    journal = Journal()
    with ExitStack() as stack:
        found = stack.enter_context(providers(journal))
        host = stack.enter_context(served(ForkingHost()))
        made = Deployments(tmp_path_factory.mktemp("begun"), cli, journal=journal, providers=found, host=f"127.0.0.1:{host}")
        made.write(TOWN)
        for each in STACKS:
            made.begin(each)
        yield made


@pytest.fixture
def deployments(_begun: Deployments, tmp_path: Path) -> Deployments:
    """A project of the test's own, whose network is the town; no stack is deployed."""
    return _begun.copy(tmp_path)


@pytest.fixture(scope="session")
def production(_begun: Deployments, tmp_path_factory: pytest.TempPathFactory) -> Deployments:
    """The town in production, deployed: for tests that change nothing, as all that they ask is refused."""
    made = _begun.copy(tmp_path_factory.mktemp("production"))
    ran = made.up("prod")
    assert ran.code == 0, ran.said
    return made


@pytest.fixture
def deployed(production: Deployments, tmp_path: Path) -> Deployments:
    """A production of the test's own, deployed: it may do with it what it likes."""
    return production.copy(tmp_path)
