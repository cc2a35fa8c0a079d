"""What events add up to."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from blossm.core.errors import Internal
from blossm.core.event import LoggedEvent, Tx
from blossm.core.fold import Apply, Fold, Upcast
from blossm.model.network import Action


def event(action: str, payload: dict[str, Any], *, version: int = 1, number: int = 1) -> LoggedEvent:
    return LoggedEvent(
        f"c.{number}", "bicycle", "shop", "city.example", "root", action, version, number, number, "", "", payload, {}, Tx("t")
    )


def fold(
    *,
    functions: dict[str, Apply] | None = None,
    upcasters: dict[tuple[str, int], Upcast] | None = None,
    source: str = "",
    **versions: int,
) -> Fold:
    actions = {name: Action(name=name, version=version) for name, version in versions.items()}
    return Fold(functions=functions or {}, upcasters=upcasters or {}, actions=actions, source=source)


def test_payloads_are_laid_over_the_state_one_level_deep() -> None:
    events = [event("painted", {"color": "red", "owner": {"name": "Ada", "age": 36}}), event("sold", {"owner": {"name": "Bob"}})]
    assert fold(painted=1, sold=1).state(events) == {"color": "red", "owner": {"name": "Bob"}}


def test_a_function_takes_the_place_of_the_payload() -> None:
    def painted(state: dict[str, Any], event: LoggedEvent) -> dict[str, Any]:
        return {**state, "coats": state.get("coats", 0) + event.payload["coats"]}

    folded = fold(functions={"painted": painted}, painted=1)
    assert folded.state([event("painted", {"coats": 2}), event("sold", {"sold": True}), event("painted", {"coats": 1})]) == {
        "coats": 3,
        "sold": True,
    }


def test_an_action_that_the_model_no_longer_has_still_counts() -> None:
    assert fold(painted=1).state([event("melted", {"color": "none"}, version=7)]) == {"color": "none"}


def test_old_payloads_are_lifted_version_by_version() -> None:
    upcasters: dict[tuple[str, int], Upcast] = {
        ("painted", 1): lambda payload: {"paint": payload["colour"]},
        ("painted", 2): lambda payload: {"color": payload["paint"].lower()},
    }
    lifting = fold(upcasters=upcasters, painted=3)
    old, newer, new = (
        event("painted", {"colour": "RED"}),
        event("painted", {"paint": "BLUE"}, version=2),
        event("painted", {}, version=3),
    )
    assert (lifting.lift(old).version, lifting.lift(old).payload) == (3, {"color": "red"})
    assert lifting.lift(newer).payload == {"color": "blue"}
    assert lifting.lift(new) is new
    assert lifting.state([old, newer]) == {"color": "blue"}
    assert old.payload == {"colour": "RED"}


def test_a_gap_in_the_chain_says_which_function_is_missing() -> None:
    with pytest.raises(Internal) as caught:
        fold(upcasters={("painted", 1): dict}, painted=3).state([event("painted", {})])
    assert caught.value.help == "define painted_2_to_3(payload) in upcasters.py"


def test_a_function_that_raises_is_named_with_its_line() -> None:
    def helper() -> None:
        raise KeyError("frame")

    def painted(state: dict[str, Any], event: LoggedEvent) -> dict[str, Any]:
        helper()
        return state

    with pytest.raises(Internal) as caught:
        fold(functions={"painted": painted}, painted=1).state([event("painted", {}, number=4)])
    facts = caught.value.facts
    assert (facts["event"], facts["action"], facts["number"], facts["file"]) == ("c.4", "painted", 4, __file__)
    assert facts["line"] == helper.__code__.co_firstlineno + 1
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_function_that_ends_the_process_ends_only_the_fold() -> None:
    def painted(state: dict[str, Any], event: LoggedEvent) -> dict[str, Any]:
        raise SystemExit(3)

    with pytest.raises(Internal, match="SystemExit"):
        fold(functions={"painted": painted}, painted=1).state([event("painted", {})])


@pytest.mark.parametrize("wrong", [None, [], "red"])
def test_a_function_that_returns_no_state_is_named(wrong: Any) -> None:
    for broken in (
        fold(functions={"painted": lambda state, event: wrong}, painted=1),
        fold(upcasters={("painted", 1): lambda payload: wrong}, painted=2),
        fold(functions={"painted": functools.partial(lambda wrong, state, event: wrong, wrong)}, painted=1),
    ):
        with pytest.raises(Internal, match="returned"):
            broken.state([event("painted", {})])


def test_a_state_is_plain_json_so_that_a_saved_one_is_the_same() -> None:
    painted = fold(functions={"painted": lambda state, event: {"colors": ("red", "blue")}}, painted=1)
    assert painted.state([event("painted", {})]) == {"colors": ["red", "blue"]}
    with pytest.raises(Internal, match="no JSON"):
        fold(functions={"painted": lambda state, event: {"color": object()}}, painted=1).state([event("painted", {})])


def test_the_hash_changes_with_what_decides_the_state_and_with_nothing_else() -> None:
    assert fold(painted=1).hash == fold(painted=1).hash
    hashes = {fold(painted=1).hash, fold(painted=2).hash, fold(painted=1, sold=1).hash, fold(painted=1, source="x").hash}
    assert len(hashes) == 4
