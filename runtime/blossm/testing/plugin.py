"""The pytest plugin of `blossm[testing]`: in a network's folder, async tests need no mark.

It acts only where the tests lie in a network, and only where a project has not said otherwise: pytest-asyncio runs in
its auto mode, and test files are imported by their path (importlib mode), since every domain may have a `test_it.py`.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose the modes, for tests of a network."""
    arguments = [Path(str(argument).partition("::")[0]) for argument in config.args] or [config.invocation_params.dir]
    if not any(_root(config.invocation_params.dir / argument) for argument in arguments):
        return
    given = [*config.invocation_params.args, *config.getini("addopts")]
    if not any(str(argument).startswith("--import-mode") for argument in given):
        config.option.importmode = "importlib"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `getini` can't tell what a project said from what is so by default
        said = "asyncio_mode" in config.inicfg
    if hasattr(config.option, "asyncio_mode") and config.option.asyncio_mode is None and not said:
        config.option.asyncio_mode = "auto"
    # pytest-asyncio asks every project to choose a scope; a network's tests need none.
    warnings.filterwarnings("ignore", message=r'[\s\S]*"asyncio_default_fixture_loop_scope" is unset')


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    """Import a test file with its network's root on the path."""
    with _on_path(collector.path):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Run a test so too: it may import inside of its function."""
    with _on_path(item.path):
        return (yield)


@contextmanager
def _on_path(path: Path) -> Iterator[None]:
    """`from lib.… import …` means the same in a test as in a handler, and nothing to the tests of other networks."""
    root = str(_root(path) or "") if path.suffix == ".py" else ""
    added = bool(root) and root not in sys.path
    if added:
        sys.path.append(root)
    try:
        yield
    finally:
        if added and root in sys.path:
            sys.path.remove(root)


def _root(path: Path) -> Path | None:
    """The root of the network that a path lies in."""
    from blossm.model.search import FILE, says_network

    folders = (path, *path.parents) if path.is_dir() else path.parents
    return next((folder for folder in folders if says_network(folder / FILE)), None)
