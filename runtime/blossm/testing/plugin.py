"""The pytest plugin of `blossm[testing]`: in a network's folder, async tests need no mark.

It acts only where the tests lie in a network, and only where a project has not said otherwise: pytest-asyncio runs in
its auto mode, and test files are imported by their path (importlib mode), since every domain may have a `test_it.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path

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
    if hasattr(config.option, "asyncio_mode") and config.option.asyncio_mode is None and "asyncio_mode" not in config.inicfg:
        config.option.asyncio_mode = "auto"


def pytest_collect_file(file_path: Path) -> None:
    """`from lib.… import …` means the same in a test as in a handler."""
    if file_path.suffix == ".py" and (root := _root(file_path.parent)) and str(root) not in sys.path:
        sys.path.append(str(root))


def _root(path: Path) -> Path | None:
    """The root of the network that a path lies in."""
    from blossm.model.search import FILE, says_network

    folders = (path, *path.parents) if path.is_dir() else path.parents
    return next((folder for folder in folders if says_network(folder / FILE)), None)
