"""What this stack was when it was last deployed, and that it does not lose its event stores since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor, get_root_resource

from blossm.model.network import Network
from blossm_infra.keeping import keeps
from blossm_infra.settings import StackSettings
from blossm_infra.stacks import SHARED, STORES, StoreKind, Tier
from blossm_infra.stores.limits import databases

_READ = "pulumi:pulumi:readStackOutputs"  # answered by the engine itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What the next deployment must know of one; the stack exports it.

    `retired` has each event store by its address, `place` where their events lie; `begun` says that they have a cluster.
    `tiers` are those of both clusters, by kind.
    """

    retired: Mapping[str, bool] = field(default_factory=dict)
    kept: bool = False
    begun: bool = False
    place: Mapping[str, str] = field(default_factory=dict)
    tiers: Mapping[StoreKind, Tier] = field(default_factory=dict)

    def outputs(self) -> dict[str, Any]:
        stores = {address: {"retired": retired} for address, retired in self.retired.items()}
        about = {"kept": self.kept, "begun": self.begun, "place": dict(self.place), "tiers": dict(self.tiers)}
        return {"event_stores": stores, "last_deployment": about}


def this_deployment(model: Network, settings: StackSettings) -> Deployment:
    """Where it ends well."""
    tiers = {kind: settings.tier(kind) for kind in STORES if databases(model, kind)}
    if not model.event_stores:
        return Deployment(kept=keeps(settings), tiers=tiers)
    place = {
        "gcp:project": settings.project,
        "gcp:region": settings.region,
        "blossm:atlas organization": settings.atlas.organization,
        "network": model.name,
    }
    retired = {store.address: store.retired for store in model.event_stores.values()}
    return Deployment(retired=retired, kept=keeps(settings), begun=True, place=place, tiers=tiers)


def last_deployment() -> Deployment:
    """What the stack remembers. Nothing before the first deployment."""
    outputs = _outputs()
    about = outputs.get("last_deployment", {})
    return Deployment(
        retired={address: store["retired"] for address, store in outputs.get("event_stores", {}).items()},
        kept=about.get("kept", False),
        begun=about.get("begun", False),
        place=about.get("place", {}),
        tiers=about.get("tiers", {}),
    )


def unfinished(this: Deployment, *, after: Deployment) -> Deployment:
    """What is true of a deployment wherever it fails: what there was is still there, what comes may be there already."""
    addresses = [*after.retired, *(address for address in this.retired if address not in after.retired)]
    return Deployment(
        retired={address: all(it.retired.get(address, True) for it in (this, after)) for address in addresses},
        kept=this.kept or after.kept,
        begun=after.begun,
        place=after.place or this.place,
        tiers={**this.tiers, **after.tiers},
    )


def refuse_to_lose(last: Deployment, this: Deployment, *, stack: str) -> None:
    """Raises `pulumi.RunError`, before anything is registered, when an event store would be lost or its events hidden.

    The engine's own protection comes too late for that: it deletes when all else of a deployment is done. A stack that
    keeps no more is asked once more: what it kept, it lets go only after it was deployed as one that keeps nothing.
    """
    lost = [*(_lost(last, this) if this.kept or last.kept else ()), *_shrunk(last.tiers, this.tiers)]
    if lost:
        how = f"Nothing was changed. How event stores are kept, moved and retired: docs/infra/safety.md ({stack})"
        raise pulumi.RunError("\n\n".join([*lost, how]))


def _lost(last: Deployment, this: Deployment) -> Iterator[str]:
    left_open = [address for address, retired in last.retired.items() if not retired]
    yield from (_missed(address) for address in left_open if address not in this.retired)
    yield from _moved(last.place, this.place)
    if last.retired and not this.retired and not left_open:
        yield _ALL_GONE


def _missed(address: str) -> str:
    return (
        f"event store `{address}` is deployed, and no blossm.yaml has it any more: its events could no longer be read.\n"
        f"If it was renamed, give it back its name: events know their event store by it.\n"
        f"To retire it, put it back with `retired: true`, run `pulumi up`, and take it out after that."
    )


def _moved(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return [
        f"`{setting}` was {before[setting]!r} and is {value!r}: event stores would be made anew there, without their events.\n"
        f"Set it back, or begin a stack elsewhere and move the events to it."
        for setting, value in now.items()
        if before.get(setting, value) != value
    ]


_ALL_GONE = """\
the network has no event store any more, and the cluster that holds the events of all that were retired would go with the last.
Leave one in its blossm.yaml, retired as it is; or give up the stack."""


def _shrunk(before: Mapping[StoreKind, Tier], now: Mapping[StoreKind, Tier]) -> list[str]:
    """Atlas refuses it too, but in the middle of an `up`."""
    return [
        f"the cluster of the {kind}s is {before[kind]} and would be {tier}: Atlas has no way back there. Set its tier back."
        for kind, tier in now.items()
        if kind in before and _class(tier) < _class(before[kind])
    ]


def _class(tier: Tier) -> int:
    """M0, FLEX, or one that has machines of its own: those may shrink to each other."""
    return ("M0", "FLEX").index(tier) if tier in SHARED else len(SHARED)


def remember(this: Deployment, *, after: Deployment, done: pulumi.Resource) -> None:
    """Has the stack remember this deployment, whatever the program exports, and whether or not it ends well.

    The engine keeps what a stack told last, also of a deployment that fails. So it is told at once what is true anyhow, and
    all the rest when `done` is there.
    """
    stack = get_root_resource()
    assert isinstance(stack, pulumi.ComponentResource)
    stack.register_outputs(unfinished(this, after=after).outputs())
    for name, value in this.outputs().items():
        pulumi.export(name, pulumi.Output.all(value, done.urn)[0])


def _outputs() -> Mapping[str, Any]:
    """Nothing before the first deployment.

    The monitor is asked directly: the SDK's `invoke` would let the stack itself be registered meanwhile, and an engine
    with a state in a file can't read that while it writes it.
    """
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    request = resource_pb2.ResourceInvokeRequest(tok=_READ, args=json_format.ParseDict({"name": stack}, struct_pb2.Struct()))
    monitor: Any = get_monitor()
    answer = json_format.MessageToDict(getattr(monitor.Invoke(request), "return"))  # the field is called by a keyword
    outputs: Mapping[str, Any] = answer.get("outputs") or {}
    return outputs
