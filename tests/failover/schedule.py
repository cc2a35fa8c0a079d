"""What happens in one run: what callers want, and what breaks when. Made from a seed; one that fails is made smaller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from tests.failover.replica_set import NODES

from blossm.core.commit import RootKey

SECONDS = 20.0  # in which it all happens
PROCESSES = ("north", "south")
ROOTS: tuple[RootKey, ...] = tuple((domain, root) for root in ("red", "blue", "black") for domain in ("bicycle", "wheel", "bell"))
OFTEN = (8, 4, 2, 1, 1, 1, 1, 1, 1)  # how often they are chosen

FaultKind = Literal["isolate", "cut", "heal", "elect", "elect behind", "step down", "lag", "slow messages", "crash"]

FAULTS: tuple[FaultKind, ...] = (
    *("isolate", "isolate", "cut", "heal"),
    *("elect", "elect behind", "elect behind", "step down", "lag"),
    *("slow messages", "crash"),
)


@dataclass(frozen=True, slots=True)
class Act:
    """What one caller wants: events of these roots, if what it read or guessed still holds; under a key, perhaps again.

    `expects`: nothing; what it `read`s there of these and of the `watched` roots; that a domain is `quiet` since; or a
    number that it `guess`es. `again`: what it does when the outcome is unknown. `leaves`: when it does not wait longer.
    """

    at: float
    process: str
    roots: tuple[RootKey, ...]
    watched: tuple[RootKey, ...]
    expects: Literal["nothing", "read", "quiet", "guess"]
    key: str
    fingerprint: str
    again: Literal["no", "same commit", "same key"]
    leaves: float


@dataclass(frozen=True, slots=True)
class Fault:
    """What breaks when. `elect behind`: a new primary, whom the others follow so many seconds later only."""

    at: float
    kind: FaultKind
    what: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Schedule:
    seed: int
    acts: tuple[Act, ...]
    faults: tuple[Fault, ...]


def schedule(seed: int) -> Schedule:
    """The schedule of a seed: a dozen appends, many of them at once, and some faults, many of them just then."""
    chance = Random(seed)
    bursts = [chance.random() * SECONDS for _ in range(5)]
    acts = tuple(_act(chance, chance.choice(bursts)) for _ in range(chance.randint(8, 14)))
    faults = tuple(_fault(chance, chance.choice(bursts)) for _ in range(chance.randint(2, 9)))
    return Schedule(seed, acts, tuple(sorted(faults, key=lambda fault: fault.at)))


def _act(chance: Random, burst: float) -> Act:
    return Act(
        at=burst + chance.choice((0.0, 0.0, 0.01, 0.5, 2.0)) * chance.random(),
        process=chance.choice(PROCESSES),
        roots=tuple(chance.choices(ROOTS, OFTEN, k=chance.choice((1, 1, 1, 2, 3)))),
        watched=tuple(chance.choices(ROOTS, OFTEN, k=chance.choice((0, 0, 1)))),
        expects=chance.choice(("nothing", "nothing", "read", "read", "read", "quiet", "guess")),
        key=chance.choice(("", "", "", "k1", "k2")),
        fingerprint=chance.choice(("f", "f", "f", "g")),
        again=chance.choice(("no", "same commit", "same key", "same key")),
        leaves=chance.choice((*[0.0] * 8, chance.random() * 0.02, chance.random() * 5)),
    )


def _fault(chance: Random, burst: float) -> Fault:
    at = burst + chance.random() * 0.5 if chance.random() < 0.6 else chance.random() * SECONDS
    node, other = chance.sample(NODES, 2)
    process = chance.choice(PROCESSES)
    kind: FaultKind = chance.choice(FAULTS)
    what: dict[FaultKind, tuple[str, ...]] = {
        "isolate": (node,),
        "cut": (chance.choice((other, process)), node),
        "elect": (node,),
        "elect behind": (node,),
        "lag": (node,),
        "crash": (process,),
    }
    return Fault(at, kind, what.get(kind, ()), chance.random() * 6)


def smaller(failing: Schedule, fails: Callable[[Schedule], bool]) -> Schedule:
    """The same schedule without all that it does not need to fail."""
    for name in ("faults", "acts"):
        index = 0
        while index < len(getattr(failing, name)):
            parts = getattr(failing, name)
            fewer = replace(failing, **{name: parts[:index] + parts[index + 1 :]})
            if fails(fewer):
                failing = fewer
            else:
                index += 1
    return failing
