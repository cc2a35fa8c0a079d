"""What keeps event stores from being lost by accident: a lock on what holds them, which the engine asks before it deletes."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar

import pulumi

from blossm_infra.settings import StackSettings
from blossm_infra.shapes import SHAPES

LOCK = "blossm: event stores are kept"
"""The lock's name. A state holds it for ever, and the engine deletes nothing that carries a name which it doesn't know."""

_lock: ContextVar[pulumi.ResourceHook] = ContextVar("lock")  # of the program that runs: the engine knows a name once


def keeps(settings: StackSettings) -> bool:
    """Whether this stack refuses to lose an event store: production always."""
    if settings.environment == "production":
        return True
    return SHAPES[settings.shape].deletion_protection if settings.protect is None else settings.protect


def kept(settings: StackSettings, *, parent: pulumi.Resource) -> pulumi.ResourceOptions:
    """The options of a resource without which an event would be lost or hidden. Where a stack keeps nothing, only its parent."""
    if not keeps(settings):
        return pulumi.ResourceOptions(parent=parent)
    return pulumi.ResourceOptions(
        parent=parent,
        protect=True,
        retain_on_delete=True,
        hooks=pulumi.ResourceHookBinding(before_delete=[lock()]),
    )


def lock() -> pulumi.ResourceHook:
    """Refuses, in previews too, that anything is deleted or replaced which was deployed with it.

    Every run needs it, also one that keeps nothing: what an earlier run deployed may carry it.
    """
    if made := _lock.get(None):
        return made
    hook = pulumi.ResourceHook(LOCK, _refuse, pulumi.ResourceHookOptions(on_dry_run=True))
    _lock.set(hook)
    return hook


def _refuse(args: pulumi.ResourceHookArgs) -> None:
    raise pulumi.RunError(_WHY.get(args.type, _OTHER).format(name=args.name) + _HOW)


_WHY = {
    "blossm:infra:EventStore": "`{name}` is the event store of a domain: without it, its events can no longer be read.",
    "blossm:infra:Guard": "This stack keeps its event stores, so it is not destroyed.",
}
_OTHER = "`{name}` holds the events of this stack's event stores: what is deleted there is lost."
_HOW = """
It is neither deleted nor replaced, whatever the options.
To retire an event store, say `retired: true` in its blossm.yaml, run `pulumi up`, and take it out after that.
To give up a whole stack, follow docs/infra/safety.md: that is done outside Pulumi, on purpose."""


class Guard(pulumi.ComponentResource):
    """What `pulumi destroy` must delete first, and may not where a stack keeps its event stores.

    It makes nothing: it depends on all that a stack has. The engine deletes last what others depend on, so a destroy that
    is refused here has touched nothing, whatever its options. Idle cost: 0.
    """

    def __init__(self, name: str, *, settings: StackSettings, behind: Sequence[pulumi.Resource], parent: pulumi.Resource) -> None:
        waits = pulumi.ResourceOptions(depends_on=list(behind))
        super().__init__("blossm:infra:Guard", name, None, pulumi.ResourceOptions.merge(kept(settings, parent=parent), waits))
        self.register_outputs({})
