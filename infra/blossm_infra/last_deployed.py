"""What this stack was when it was last deployed, and that it does not lose its event stores since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor

from blossm.model.network import Network
from blossm_infra.keeping import keeps
from blossm_infra.settings import StackSettings

_READ = "pulumi:pulumi:readStackOutputs"  # answered by the engine itself


def remembered(model: Network, settings: StackSettings) -> dict[str, Any]:
    """What a stack exports so that its next deployment can miss it."""
    return {
        "event_stores": {store.address: {"retired": store.retired} for store in model.event_stores.values()},
        "place": _place(settings),
        "kept": keeps(settings),
    }


def refuse_to_lose(model: Network, settings: StackSettings) -> None:
    """Raises `pulumi.RunError`, before anything is registered, when an event store would be lost or its events hidden.

    The engine's own protection comes too late for that: it deletes when all else of a deployment is done. A stack that
    keeps no more is asked once more: what it kept, it lets go only after it was deployed as one that keeps nothing.
    """
    last = _outputs()
    if not (keeps(settings) or last.get("kept")):
        return
    open_stores = [address for address, was in last.get("event_stores", {}).items() if not was["retired"]]
    missed = [address for address in open_stores if address not in model.event_stores]
    lost = [*map(_missed, missed), *(_moved(settings, last.get("place", {})) if open_stores else ())]
    if lost:
        how = f"Nothing was changed. How event stores are kept, moved and retired: docs/infra/safety.md ({settings.stack})"
        raise pulumi.RunError("\n\n".join([*lost, how]))


def _missed(address: str) -> str:
    return (
        f"event store `{address}` is deployed, and no blossm.yaml has it any more: its events could no longer be read.\n"
        f"If it was renamed, give it back its name: events know their event store by it.\n"
        f"To retire it, put it back with `retired: true`, run `pulumi up`, and take it out after that."
    )


def _moved(settings: StackSettings, before: Mapping[str, str]) -> list[str]:
    now = _place(settings)
    return [
        f"`{setting}` was {before[setting]!r} and is {value!r}: event stores would be made anew there, without their events.\n"
        f"Set it back, or begin a stack elsewhere and move the events to it."
        for setting, value in now.items()
        if before.get(setting, value) != value
    ]


def _place(settings: StackSettings) -> dict[str, str]:
    """Where the events lie. None of it is changed for a cluster that has some."""
    return {
        "gcp:project": settings.project,
        "gcp:region": settings.region,
        "blossm:atlas organization": settings.atlas.organization,
    }


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
