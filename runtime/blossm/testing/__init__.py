"""Tests of a network: `given(…).when(…).then(…)` for one call, `network()` for a whole network in memory.

`lifted(…)` shows that a payload of years ago can be read today. All of them find the network that the calling file lies in,
and use the real procedures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blossm.testing.lifting import lifted
    from blossm.testing.story import Story, given
    from blossm.testing.under_test import NetworkUnderTest, network

__all__ = ["NetworkUnderTest", "Story", "given", "lifted", "network"]


def __getattr__(name: str) -> Any:
    """Import what is asked for: the pytest plugin beside it is loaded in every run, and must not cost half a second."""
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    modules = {"Story": "story", "given": "story", "lifted": "lifting"}
    return getattr(import_module(f"blossm.testing.{modules.get(name, 'under_test')}"), name)
