"""What a deployment may not do to the one before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pulumi

from blossm_infra.last_deployed import Deployment
from blossm_infra.stacks import SHARED, StoreKind, Tier


def refuse_to_lose(last: Deployment, this: Deployment, *, stack: str) -> None:
    """Raises `pulumi.RunError`, before anything is registered, when an event store would be lost or its events hidden.

    The engine's own protection comes too late for that: it deletes when all else of a deployment is done. A stack that
    keeps no more is asked once more: what it kept, it lets go only after it was deployed as one that keeps nothing.
    """
    lost = [*(_lost(last, this) if this.kept or last.kept else _stays(last.place, this.place)), *_shrunk(last.tiers, this.tiers)]
    if lost:
        how = f"Nothing was changed. How event stores are kept, moved and retired: docs/infra/safety.md ({stack})"
        raise pulumi.RunError("\n\n".join([*lost, how]))


def _lost(last: Deployment, this: Deployment) -> Iterator[str]:
    left_open = [address for address, retired in last.retired.items() if not retired]
    yield from (_missed(address) for address in left_open if address not in this.retired)
    if last.retired:
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
        f"{_changed(what, before, now)}: event stores would be made anew there, without their events.\n"
        f"Set it back, or begin a stack elsewhere and move the events to it."
        for what in _changes(before, now)
    ]


def _stays(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Where nothing is kept: Google's names can't be had twice at once, so a stack that moves would stop half-way."""
    return [
        f"{_changed(what, before, now)}, and a stack can't move.\n"
        f"`pulumi destroy` it where it is, with all its events, and deploy it anew."
        for what in _changes(before, now)
        if what.startswith("gcp:")
    ]


def _changes(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return [what for what, value in now.items() if before.get(what, value) != value]


def _changed(what: str, before: Mapping[str, str], now: Mapping[str, str]) -> str:
    return f"`{what}` was {before[what]!r} and is {now[what]!r}"


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
