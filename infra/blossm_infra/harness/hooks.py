"""Stands in for the server by which an engine calls a program back: it notes the hooks, and nobody calls them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pulumi


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """What the program would do at a moment in a resource's life; a test calls `run` with what the engine would pass."""

    name: str
    run: Callable[[pulumi.ResourceHookArgs], Any]
    on_dry_run: bool  # in a preview too


class Callbacks:
    """Has of the SDK's callback server what registers something."""

    def __init__(self) -> None:
        self.hooks: dict[str, Hook] = {}
        self.problems: list[str] = []

    def register_resource_hook(self, hook: pulumi.ResourceHook) -> None:
        """Engines refuse a name twice."""
        if hook.name in self.hooks:
            self.problems.append(f"hook {hook.name}: registered twice")
        on_dry_run = bool(hook.opts and hook.opts.on_dry_run)
        self.hooks[hook.name] = Hook(name=hook.name, run=hook.callback, on_dry_run=on_dry_run)

    def __getattr__(self, name: str) -> Any:
        """Raises LookupError: transforms change what is registered, and only an engine runs them."""
        raise LookupError(f"{name}: transforms, migrations and error hooks need an engine")
