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
DISPLAY = 100  # a service account's display name
TOPIC = 255  # topics and subscriptions: 3 to 255
LABEL = 63  # a label's value
COMPUTE = 63  # parts of a load balancer
CERTIFICATE = 63  # what Certificate Manager has: [a-z0-9-]
ZONE = 63
KEY = 63  # KMS: key rings and keys
JOB = 500  # Cloud Scheduler
SECRET = 255
ATLAS = 63  # projects, roles and users have 64 or more
DATABASE = 38  # bytes of a database's name, below M10
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
    """Only the first part, which is ours, may hold a hyphen; and `from` stands between two names, so it may not stand in one."""
    return any("-" in part or part == "from" for part in parts[1:]) or _LOOKS_HASHED.search(name) is not None


def service_name(ref: Ref) -> str:
    """The Cloud Run service of a procedure, or of all event stores of one service's log (`event-store`, `shop`)."""
    return fit(_parts(ref), SERVICE)


def account_id(ref: Ref) -> str:
    """The service account that a procedure runs as."""
    return fit(_parts(ref), ACCOUNT)


def display_name(ref: Ref) -> str:
    """What a person reads beside the account's id."""
    return f"{ref.kind} {ref.address}"[:DISPLAY]


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
    kind, *address = _parts(ref)
    return fit((f"indexes-{kind}", *address), SERVICE)


def replay_job(projection: Ref) -> str:
    """The job that replays a projection."""
    return fit(("replay", *projection.address.split(".")), SERVICE)


def binding(callee: Ref, caller: str) -> str:
    """That `caller` (a name from here) may call `callee`."""
    return f"{service_name(callee)}-from-{caller}"


def reader(procedure: str, secret: str) -> str:
    """That a procedure (a name from here) may read a secret, whose name is its operator's."""
    name = f"{procedure}-reads-{secret}"
    return name if name.count("reads") == 1 else fit((name, procedure), TOPIC)


def component(kind: str, *parts: str) -> str:
    """A component of the tree that is no resource of its own: a network, a service, a domain, a context."""
    return fit((kind, *parts), TOPIC)


def label(value: str) -> str:
    """A label's value that a person can search for."""
    return value if re.fullmatch(rf"[a-z0-9_-]{{0,{LABEL}}}", value) else fit(value.split("."), LABEL)


def private_zone() -> str:
    """The DNS zone by which procedures find each other without the Internet."""
    return "run-app"


def registry() -> str:
    """The repository of the network's images."""
    return "blossm"


def key_ring() -> str:
    """The key ring of the stack's own signing keys."""
    return "blossm"


def signing_key(key: str) -> str:
    """A key of the stack's own, as the network's header calls it."""
    return fit(("key", key), KEY)


def queue() -> str:
    """The queue of the commands that are called later."""
    return "call-later"


def schedule(command: Ref) -> str:
    """The job that calls a command by the clock; its first word is no other job's."""
    return fit(("schedule", *command.address.split(".")), JOB)


def tick() -> str:
    """The job that wakes everybody now and then."""
    return "safety-net"


def later(service: str) -> str:
    """By which the dispatcher hears of a service's log."""
    return fit(("later", service), TOPIC)


def _parts(ref: Ref) -> tuple[str, ...]:
    return (_KINDS.get(ref.kind, ref.kind), *ref.address.split("."))


def load_balancer(*parts: str) -> str:
    """What all gateways of a stack share: its addresses, proxies and rules. No procedure's kind is `gateways`."""
    return fit(("gateways", *parts), COMPUTE)


def unknown_host() -> str:
    """The backend of requests for hosts that no gateway has."""
    return "unknown-host"


def wildcard(parent: str) -> str:
    """The certificate for all hosts one label below `parent`, and what proves that the domain is ours."""
    return fit(("wildcard", *parent.split(".")), CERTIFICATE)


def zone(domain: str) -> str:
    """The DNS zone of a stack's hosts."""
    return fit(("zone", *domain.split(".")), ZONE)


def record(host: str, kind: str) -> str:
    """A DNS record in the tree; in the zone it is the host itself."""
    return f"{host}-{kind.lower()}"


def atlas_project(network: str, environment: str, kind: str) -> str:
    """A project in the organisation of Atlas, which all stacks of all networks share."""
    return fit((kind, *network.split("."), environment), ATLAS)


def cluster(kind: str) -> str:
    """A project's only cluster; the name is in its host names."""
    return {"event-store": "events", "view-store": "views"}[kind]


def database(ref: Ref) -> str:
    """The database of a service's log, or of one view store."""
    first = {"event-store": "log", "view-store": "view"}[ref.kind]
    return fit((first, *ref.address.split(".")), DATABASE)


def database_user(use: str, ref: Ref) -> str:
    """Who comes into that database to serve, or to make indexes; the user's role and password are called the same."""
    kind, *address = _parts(ref)
    return fit((f"{use}-{kind}", *address), ATLAS)


def password(use: str, ref: Ref) -> str:
    """The secret in which that user's password is."""
    kind, *address = _parts(ref)
    return fit((f"password-{use}-{kind}", *address), SECRET)


def index_account(ref: Ref) -> str:
    """The account as which a store's indexes are made; no procedure's kind begins with this word."""
    kind, *address = _parts(ref)
    return fit((f"indexes-{kind}", *address), ACCOUNT)


def fixed_address() -> str:
    """The one public address by which a stack goes out to databases that let nobody else in."""
    return "fixed-address"


def private_endpoint(kind: str) -> str:
    """The address inside the private network at which a cluster answers."""
    return f"{cluster(kind)}-private-endpoint"
