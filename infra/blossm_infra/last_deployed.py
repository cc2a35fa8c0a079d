"""What a stack remembers of its last deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor, get_root_resource

from blossm.model.network import Network
from blossm_infra.keeping import keeps
from blossm_infra.settings import StackSettings
from blossm_infra.stacks import STORES, StoreKind, Tier
from blossm_infra.stores.limits import databases

_READ = "pulumi:pulumi:readStackOutputs"  # answered by the engine itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What the next deployment must know of one; the stack exports it.

    `retired` has each event store by its address; `begun` says that they have a cluster. `place` is where everything is,
    and `tiers` are those of both clusters, by kind.
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
    place = {
        "gcp:project": settings.project,
        "gcp:region": settings.region,
        "blossm:atlas organization": settings.atlas.organization,
        "network": model.name,
    }
    retired = {store.address: store.retired for store in model.event_stores.values()}
    return Deployment(retired=retired, kept=keeps(settings), begun=bool(retired), place=place, tiers=tiers)


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
    """What is true of a deployment wherever it fails: what there was is still there, what comes may be there already.

    Where it is, is known once it ended well: a first one that failed for a misspelt project may be corrected.
    """
    addresses = [*after.retired, *(address for address in this.retired if address not in after.retired)]
    return Deployment(
        retired={address: all(it.retired.get(address, True) for it in (this, after)) for address in addresses},
        kept=this.kept or after.kept,
        begun=after.begun,
        place=after.place,
        tiers=after.tiers,
    )


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
