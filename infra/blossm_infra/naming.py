"""The only source of names in the cloud.

A name is made of its own parts and of nothing else, so no other procedure, added or removed, ever changes it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from blossm.model.network import Ref

SERVICE = 49  # Cloud Run: with the project's number and the region, a service's name becomes one label of a host
ACCOUNT = 30  # service account ids: 6 to 30 characters
TOPIC = 255  # topics and subscriptions: 3 to 255
LABEL = 63  # a label's value
_SHORTEST = 6
_HASH = 6

_LOOKS_HASHED = re.compile(rf"-[0-9a-f]{{{_HASH}}}$")
_KINDS = {"command-gateway": "gateway", "fact-gateway": "gateway", "view-gateway": "gateway"}  # their address says c, f or v


def slug(parts: Sequence[str]) -> str:
    """The parts as one lower-case word with hyphens: what a person reads."""
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")


def fit(parts: Sequence[str], limit: int) -> str:
    """The slug of `parts`, or a head of it and 6 hex digits of their sha256.

    The digits come in when the slug is too long, too short, or could be that of other parts (`a_b` beside `a`, `b`),
    or looks as if it had such digits already. So two names differ whenever their parts do, but for a collision of
    24 bits among names with one head.
    """
    name = slug(parts)
    if _SHORTEST <= len(name) <= limit and "-".join(parts) == name and not _ambiguous(parts, name):
        return name
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_HASH]
    head = name[: limit - _HASH - 1].rstrip("-")
    return f"{head}-{digest}"


def _ambiguous(parts: Sequence[str], name: str) -> bool:
    """Only the first part, which is ours, may hold a hyphen."""
    return any("-" in part for part in parts[1:]) or _LOOKS_HASHED.search(name) is not None


def service_name(ref: Ref) -> str:
    """The Cloud Run service of a procedure, or of all event stores of one service's log (`event-store`, `shop`)."""
    return fit(_parts(ref), SERVICE)


def account_id(ref: Ref) -> str:
    """The service account that a procedure runs as."""
    return fit(_parts(ref), ACCOUNT)


def topic(service: str) -> str:
    """The topic of a service's wake-ups."""
    return fit(("wake-ups", service), TOPIC)


def subscription(service: str, projection: Ref) -> str:
    """By which a projection hears of a service's log."""
    return fit(("wake-ups", service, "for", *projection.address.split(".")), TOPIC)


def push_account() -> str:
    """The account as which Pub/Sub calls projections; no procedure's kind begins with this word."""
    return "push-wake-ups"


def scheduler_account() -> str:
    """The account as which Cloud Scheduler and Cloud Tasks call the dispatcher."""
    return "call-later"


def dispatcher() -> str:
    """The service that calls commands later, and its account."""
    return "dispatcher"


def vpc() -> str:
    """The stack's private network, and its one subnet."""
    return "blossm"


def index_job(ref: Ref) -> str:
    """The job that makes a store's collections and indexes, and its account's component."""
    return fit(("indexes", *_parts(ref)), SERVICE)


def replay_job(projection: Ref) -> str:
    """The job that replays a projection."""
    return fit(("replay", *projection.address.split(".")), SERVICE)


def binding(callee: Ref, caller: str) -> str:
    """That `caller` (a name from here) may call `callee`."""
    return f"{service_name(callee)}-from-{caller}"


def component(kind: str, *parts: str) -> str:
    """A component of the tree that is no resource of its own: a network, a service, a domain, a context."""
    return fit((kind, *parts), TOPIC)


def label(value: str) -> str:
    """A label's value that a person can search for."""
    return value if re.fullmatch(rf"[a-z0-9_-]{{0,{LABEL}}}", value) else fit(value.split("."), LABEL)


def _parts(ref: Ref) -> tuple[str, ...]:
    return (_KINDS.get(ref.kind, ref.kind), *ref.address.split("."))
