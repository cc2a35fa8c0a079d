"""What every state store promises, as a suite: subclass `StateStoreContract` and say in `store` how an empty one is made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from blossm.core.errors import Unavailable
from blossm.core.event import Aggregate
from blossm.ports import StateStore


def bicycle(root: str, number: int, **state: Any) -> Aggregate:
    return Aggregate(root, state, number, number * 10)


class StateStoreContract:
    """The suite. `store` yields an empty store and closes it."""

    @pytest.fixture
    async def store(self) -> AsyncIterator[StateStore]:
        raise NotImplementedError
        yield  # noqa: PT022 - it says what a subclass does

    @pytest.fixture
    async def ready(self, store: StateStore) -> StateStore:
        await store.ready("bicycle", fold="one", indexes=("color", "owner.email"))
        return store

    async def test_a_new_domain_covers_nothing(self, store: StateStore) -> None:
        assert await store.ready("bicycle", fold="one", indexes=("color",)) == 0
        assert await store.get("bicycle", "a") is None
        assert await store.find("bicycle", {"color": "red"}) == []

    async def test_a_domain_that_was_not_readied_is_unavailable(self, store: StateStore) -> None:
        with pytest.raises(Unavailable):
            await store.get("bicycle", "a")
        with pytest.raises(Unavailable):
            await store.save("bicycle", [])
        with pytest.raises(Unavailable):
            await store.find("bicycle", {"color": "red"})

    async def test_a_saved_state_comes_back(self, ready: StateStore) -> None:
        saved = bicycle("a", 3, color="red", owner={"email": "ada@x.example"}, parts=[1, {"b": None}])
        await ready.save("bicycle", [saved])
        assert await ready.get("bicycle", "a") == saved
        assert await ready.get("bicycle", "b") is None

    async def test_a_state_is_never_saved_over_a_newer_one(self, ready: StateStore) -> None:
        await ready.save("bicycle", [bicycle("a", 5, color="green")])
        await ready.save("bicycle", [bicycle("a", 4, color="red"), bicycle("b", 1, color="red")])
        assert await ready.get("bicycle", "a") == bicycle("a", 5, color="green")
        assert await ready.find("bicycle", {"color": "red"}) == [bicycle("b", 1, color="red")]

    async def test_states_are_found_by_what_they_have_now(self, ready: StateStore) -> None:
        await ready.save("bicycle", [bicycle(root, 1, color="red", owner={"email": "ada"}) for root in "cab"])
        await ready.save("bicycle", [bicycle("b", 2, color="blue", owner={"email": "ada"})])
        assert [found.root for found in await ready.find("bicycle", {"color": "red"})] == ["a", "c"]
        assert [found.root for found in await ready.find("bicycle", {"owner.email": "ada"})] == ["a", "b", "c"]
        both = await ready.find("bicycle", {"owner.email": "ada", "color": "blue"})
        assert both == [bicycle("b", 2, color="blue", owner={"email": "ada"})]

    @pytest.mark.parametrize("value", ["", "a'b", "ä", "x" * 10_000, 0, 1, -1, 1.5, True, False, 2**60, "1", "true"])
    async def test_values_are_told_apart(self, ready: StateStore, value: Any) -> None:
        others = ["", "a'b", "ä", "x" * 10_000, "x" * 9_999, 0, 1, -1, 1.5, True, False, 2**60, 2**60 + 1, "1", "true"]
        await ready.save("bicycle", [bicycle(f"{index:02}", 1, color=other) for index, other in enumerate(others)])
        found = await ready.find("bicycle", {"color": value})
        assert [(type(each.state["color"]), each.state["color"]) for each in found] == [(type(value), value)]

    async def test_a_whole_float_is_its_integer(self, ready: StateStore) -> None:
        await ready.save("bicycle", [bicycle("a", 1, color=2.0)])
        assert [found.root for found in await ready.find("bicycle", {"color": 2})] == ["a"]

    async def test_what_is_absent_or_null_is_not_found(self, ready: StateStore) -> None:
        await ready.save("bicycle", [bicycle("a", 1), bicycle("b", 1, color=None), bicycle("c", 1, owner="ada")])
        assert await ready.find("bicycle", {"color": None}) == []
        assert await ready.find("bicycle", {"owner.email": "ada"}) == []

    async def test_what_is_covered_only_grows(self, ready: StateStore) -> None:
        await ready.save("bicycle", [], covered=7)
        await ready.save("bicycle", [bicycle("a", 1)], covered=5)
        await ready.save("bicycle", [bicycle("b", 1)])
        assert await ready.ready("bicycle", fold="one", indexes=("color", "owner.email")) == 7

    async def test_another_fold_starts_anew(self, ready: StateStore) -> None:
        await ready.save("bicycle", [bicycle("a", 5, color="red")], covered=50)
        assert await ready.ready("bicycle", fold="two", indexes=("color", "owner.email")) == 0
        assert await ready.get("bicycle", "a") is None
        assert await ready.find("bicycle", {"color": "red"}) == []

    async def test_another_index_starts_anew(self, ready: StateStore) -> None:
        await ready.save("bicycle", [bicycle("a", 5, color="red")], covered=50)
        assert await ready.ready("bicycle", fold="one", indexes=("color",)) == 0
        assert await ready.get("bicycle", "a") is None

    async def test_domains_do_not_meet(self, ready: StateStore) -> None:
        await ready.ready("wheel", fold="one", indexes=("color",))
        await ready.save("bicycle", [bicycle("a", 5, color="red")], covered=50)
        assert await ready.get("wheel", "a") is None
        assert await ready.find("wheel", {"color": "red"}) == []
        await ready.ready("wheel", fold="two", indexes=("color",))
        assert await ready.get("bicycle", "a") is not None

    async def test_what_was_saved_can_not_be_changed_from_outside(self, ready: StateStore) -> None:
        saved = bicycle("a", 1, parts=["bell"])
        await ready.save("bicycle", [saved])
        saved.state["parts"].append("horn")
        got = await ready.get("bicycle", "a")
        assert got == bicycle("a", 1, parts=["bell"])
        got.state["parts"].clear()
        assert await ready.get("bicycle", "a") == bicycle("a", 1, parts=["bell"])
