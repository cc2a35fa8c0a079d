"""Made-up commands over few roots, and made-up interleavings of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import hypothesis.strategies as st
from tests.serializability import city
from tests.serializability.city import COATS, COLORS, DOMAINS, Asked
from tests.serializability.turns import ALL

NAMES = "abcdef"
ROOTS = city.ROOTS[:2]  # few, so that they meet

_root, _domain, _color = st.sampled_from(ROOTS), st.sampled_from(DOMAINS), st.sampled_from(COLORS)
_reading = st.one_of(
    st.tuples(st.sampled_from(["state", "count", "state by fact"]), _domain, _root),
    st.tuples(st.sampled_from(["ask", "ask by fact"]), st.just("color"), _color),
    st.tuples(st.sampled_from(["ask", "ask by fact"]), st.just("coats"), st.sampled_from(COATS)),
).map(list)
_logging = st.one_of(
    st.tuples(st.just("paint"), st.sampled_from([*ROOTS, ""]), _color),
    st.tuples(st.just("paint if nothing"), st.sampled_from([*ROOTS, ""]), _color),
    st.tuples(st.just("turn"), _root),
).map(list)
_one_commit = st.lists(st.one_of(_reading, _logging), min_size=1, max_size=9)
_called = st.tuples(st.lists(_reading, max_size=2), st.tuples(st.just("paint"), _root, _color).map(list)).map(
    lambda parts: ["call", [*parts[0], parts[1]]]  # it always logs: what a called command only reads is nobody's read set
)
_several = st.lists(st.one_of(_reading, _logging, st.just(["log"]), _called), min_size=1, max_size=9)



def interleaving(seed: int) -> list[int]:
    """Who goes on, 40 times."""
    chance = random.Random(seed)
    return [chance.choice((0, 0, 0, 1, 1, 2, 3, ALL)) for _ in range(40)]


choices = st.integers(0, 10_000).map(interleaving)  # numbers drawn one by one would mostly be 0


def commands(*, several: bool = True, command: str = "act", most: int = 5) -> st.SearchStrategy[list[Asked]]:
    """Some commands that run at once. `several`: they may log more than once, and call."""
    steps: st.SearchStrategy[list[Any]] = st.one_of(_one_commit, _several) if several else _one_commit
    return st.lists(steps, min_size=2, max_size=most).map(
        lambda each: [Asked(name, steps, command) for name, steps in zip(NAMES, each, strict=False)]
    )


def seeded(seed: int, *, count: int) -> list[Asked]:
    """Commands of one seed, for a run that is not looked at by hypothesis."""
    chance = random.Random(seed)
    return [Asked(f"{number}", _steps(chance)) for number in range(count)]


def _steps(chance: random.Random) -> list[Any]:
    pick = chance.choice
    root, color = partial(pick, ROOTS), partial(pick, COLORS)
    makers: list[Callable[[], list[Any]]] = [
        lambda: [pick(["state", "count", "state by fact"]), pick(DOMAINS), root()],
        lambda: [pick(["ask", "ask by fact"]), "color", color()],
        lambda: [pick(["ask", "ask by fact"]), "coats", pick(COATS)],
        lambda: ["log"],
        lambda: ["turn", root()],
        lambda: ["call", [["state", "bicycle", root()], ["paint", root(), color()]]],
    ]
    steps = [pick(makers)() for _ in range(chance.randint(1, 4))]
    return [*steps, [pick(["paint", "paint if nothing"]), pick([*ROOTS, ""]), color()]]
