"""What keeps event stores from being lost by accident: hooks, which the engine asks before it deletes and before it creates."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass

import pulumi

from blossm_infra.settings import StackSettings
from blossm_infra.shapes import SHAPES

# A state holds these names for ever, and the engine touches nothing that carries a name which it doesn't know.
LOCK = "blossm: event stores are kept"
ONCE = "blossm: event stores are begun once"


@dataclass(frozen=True, slots=True)
class Hooks:
    """`lock` refuses to delete or replace what carries it, `once` to create it where events are already; in previews too."""

    lock: pulumi.ResourceHook
    once: pulumi.ResourceHook


_hooks: ContextVar[Hooks] = ContextVar("hooks")  # of the program that runs: the engine knows a name once


def keeps(settings: StackSettings) -> bool:
    """Whether this stack refuses to lose an event store: production always."""
    if settings.environment == "production":
        return True
    return SHAPES[settings.shape].deletion_protection if settings.protect is None else settings.protect


def kept(settings: StackSettings, *, parent: pulumi.Resource) -> pulumi.ResourceOptions:
    """The options of what holds events. Where a stack keeps nothing, only its parent."""
    return pulumi.ResourceOptions.merge(locked(settings, parent=parent), begun_once(settings))


def locked(settings: StackSettings, *, parent: pulumi.Resource) -> pulumi.ResourceOptions:
    """The options of what may not go, though it holds nothing itself. Where a stack keeps nothing, only its parent."""
    if not keeps(settings):
        return pulumi.ResourceOptions(parent=parent)
    return pulumi.ResourceOptions(
        parent=parent,
        protect=True,
        retain_on_delete=True,
        hooks=pulumi.ResourceHookBinding(before_delete=[hooks().lock]),
    )


def begun_once(settings: StackSettings) -> pulumi.ResourceOptions:
    """The options of what is not made a second time beside what holds events: they would be hidden. Else none."""
    if not keeps(settings):
        return pulumi.ResourceOptions()
    return pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(before_create=[hooks().once]))


def begin_hooks(*, begun: bool) -> None:
    """Has the engine know the program's hooks; `begun` says that this stack has events.

    Every run needs them, also one that keeps nothing: what an earlier run deployed may carry them. Raises
    `pulumi.RunError` where the program has them: a stack remembers the event stores of one network.
    """
    if _hooks.get(None):
        raise pulumi.RunError(
            "this program has two Networks, and a stack keeps the event stores of one: give each its own program"
        )
    _begin(begun=begun)


def hooks() -> Hooks:
    """The program's hooks; a part of a network that stands alone has no events before it."""
    return _hooks.get(None) or _begin(begun=False)


def _begin(*, begun: bool) -> Hooks:
    asked = pulumi.ResourceHookOptions(on_dry_run=True)
    made = Hooks(
        lock=pulumi.ResourceHook(LOCK, _refuse_to_lose, asked),
        once=pulumi.ResourceHook(ONCE, _refuse_to_hide if begun else _let, asked),
    )
    _hooks.set(made)
    return made


def _refuse_to_lose(args: pulumi.ResourceHookArgs) -> None:
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


def _refuse_to_hide(args: pulumi.ResourceHookArgs) -> None:
    raise pulumi.RunError(_TWICE.format(name=args.name))


_TWICE = """\
`{name}` would be made anew, and this stack's event stores would begin again without their events.
If the program moved its Network, below a component of yours or to another name or provider, move it back, or give it an alias.
If the cluster, or its project, is not in the state any more, bring it back: docs/infra/safety.md (When a cluster is gone)."""


def _let(args: pulumi.ResourceHookArgs) -> None:
    """There is nothing yet that could be hidden."""


class Guard(pulumi.ComponentResource):
    """What `pulumi destroy` must delete first, and may not where a stack keeps its event stores.

    It makes nothing: it depends on all that a stack has. The engine deletes last what others depend on, so a destroy that
    is refused here has touched nothing, whatever its options. Idle cost: 0.
    """

    def __init__(self, name: str, *, settings: StackSettings, behind: Sequence[pulumi.Resource], parent: pulumi.Resource) -> None:
        waits = pulumi.ResourceOptions(depends_on=list(behind))
        super().__init__("blossm:infra:Guard", name, None, pulumi.ResourceOptions.merge(locked(settings, parent=parent), waits))
        self.register_outputs({})
