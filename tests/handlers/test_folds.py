"""The fold of an event store, put together from the user's files."""

from __future__ import annotations

from typing import Any

import pytest
from tests.handlers.conftest import Network

from blossm.core.event import LoggedEvent, Tx
from blossm.handlers.folds import fold_of
from blossm.handlers.modules import HandlerError
from blossm.model.fields import Field
from blossm.model.network import Action, EventStoreSpec, Handler, Place


def spec(*, version: int = 1, events: bool = True, upcasters: str = "") -> EventStoreSpec:
    return EventStoreSpec(
        name="bicycle",
        address="shop.bicycle",
        at=Place("blossm.yaml", 1, 1),
        schema={"frame_color": Field(type="string")},
        actions={"painted": Action(name="painted", version=version), "sold": Action(name="sold")},
        handler=Handler("events.py") if events else None,
        upcasters=upcasters,
    )


def event(action: str, payload: dict[str, Any], *, version: int = 1) -> LoggedEvent:
    return LoggedEvent("e", "bicycle", "shop", "city", "r", action, version, 1, 1, "", "", payload, {}, Tx("t"))


EVENTS = {"events.py": "def sold(state, event):\n    return {**state, 'sold': True}"}


def test_functions_fold_and_other_payloads_are_laid_over(network: Network) -> None:
    fold = fold_of(spec(), network("city", EVENTS))
    state = fold.state([event("painted", {"frame_color": "red"}), event("sold", {})])
    assert state == {"frame_color": "red", "sold": True}


def test_without_a_module_payloads_are_laid_over(network: Network) -> None:
    fold = fold_of(spec(events=False), network("city", {}))
    assert fold.state([event("painted", {"frame_color": "red"})]) == {"frame_color": "red"}


def test_old_payloads_are_lifted(network: Network) -> None:
    files = {**EVENTS, "upcasters.py": "def painted_1_to_2(payload):\n    return {'frame_color': payload['color']}"}
    fold = fold_of(spec(version=2, upcasters="upcasters.py"), network("city", files))
    assert fold.state([event("painted", {"color": "red"})]) == {"frame_color": "red"}


@pytest.mark.parametrize("upcasters", ["", "upcasters.py"])
def test_a_missing_upcaster_is_told(network: Network, upcasters: str) -> None:
    with pytest.raises(HandlerError, match="nothing lifts version 1"):
        fold_of(spec(version=2, upcasters=upcasters), network("city", {**EVENTS, "upcasters.py": ""}))


def test_an_async_fold_is_refused(network: Network) -> None:
    with pytest.raises(HandlerError, match=r"events.py:1: sold is async, and a fold is pure"):
        fold_of(spec(), network("city", {"events.py": "async def sold(state, event): ..."}))


def test_the_fold_is_another_one_when_what_its_module_imports_changes(network: Network) -> None:
    def files(price: int) -> dict[str, str]:
        return {"events.py": "from lib.prices import PRICE", "lib/prices.py": f"PRICE = {price}", "lib/other.py": str(price)}

    one, same = fold_of(spec(), network("one", files(1))), fold_of(spec(), network("same", {**files(1), "lib/other.py": "9"}))
    assert one.hash == same.hash
    assert one.hash != fold_of(spec(), network("two", files(2))).hash
