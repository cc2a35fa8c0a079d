"""`given(…).when(…).then(…)`: what it compares, and what it says when something is off."""

from __future__ import annotations

from pathlib import Path

import pytest

from blossm import BadRequest, Event, NotFound, PermissionDenied, PreconditionFailed
from blossm.testing import Story
from blossm.testing.expectation import event_of

HARBOUR = Path(__file__).parent.parent / "e2e" / "network"
BERTH = ("opened", {"name": "North", "length": 12})
ROOT = "0b5e0f6e-6b0d-4f0f-9d3f-3a0c5d1f7a11"


def given(*events: object) -> Story:
    """As `blossm.testing.given`, for the network of the end-to-end tests."""
    return Story(HARBOUR, tuple(map(event_of, events)))  # type: ignore[arg-type]


def test_what_a_command_logs_is_compared_with_what_is_named() -> None:
    given(BERTH).when("port.berth.occupy", {"ship": "Argo"}).then(("occupied", {"ship": "Argo"}))
    given(BERTH).when("port.berth.occupy", {"ship": "Argo"}).then("occupied")
    given().when("port.berth.add", {"name": "North"}).then(("opened", {"name": "North"}))
    given(BERTH).when("port.berth.occupy", {"ship": "Argo"}, root=ROOT).then(Event("occupied", root=ROOT, domain="berth"))


def test_what_happened_before_counts() -> None:
    given(BERTH, ("occupied", {"ship": "Argo"})).when("port.berth.occupy", {"ship": "Ark"}).refused(PreconditionFailed)
    given(Event("occupied", {"ship": "Argo"}, root=ROOT)).when("port.berth.occupy", {"ship": "Ark"}).then("occupied")


def test_what_happened_in_another_domain_or_service_may_be_said() -> None:
    events = (Event("lifted", {"load": 1.5}, domain="crane"), Event("called", {"berth": ROOT}, domain="crew.pilot"), BERTH)
    given(*events).when("port.berth.occupy", {"ship": "Argo"}).then("occupied")


def test_the_events_of_a_called_command_are_not_the_callers() -> None:
    given(BERTH).when("port.berth.steer").then("rung")


def test_a_refusal_is_answered() -> None:
    before = (BERTH, ("occupied", {"ship": "Argo"}))
    refusal = given(*before).when("port.berth.occupy", {"ship": "Ark"}).refused(PreconditionFailed)
    assert refusal.facts["ship"] == "Argo"
    given().when("port.berth.add", {}).refused(BadRequest)
    given().when("port.berth.trespass", {"address": "crew.pilot.call"}).refused(PermissionDenied)


def test_a_fact_is_read() -> None:
    given(BERTH, ("occupied", {"ship": "Argo"})).when("port.berth.ship").then(response={"ship": "Argo"})
    given(BERTH).when("port.berth.ship").refused(NotFound)
    given().when("numbers", {"up_to": 2}).then(response=[{"number": 0}, {"number": 1}])


async def test_a_story_may_be_told_where_a_loop_runs() -> None:
    given(BERTH).when("port.berth.occupy", {"ship": "Argo"}).then("occupied")


def test_another_event_is_told_as_a_difference() -> None:
    with pytest.raises(AssertionError) as off:
        given(BERTH).when("port.berth.occupy", {"ship": "Argo"}).then(("occupied", {"ship": "Ark"}))
    lines = str(off.value).splitlines()
    assert lines[:3] == ["the command logged other events (- expected, + logged):", "  occupied", "    {"]
    assert '-     "ship": "Ark"' in lines
    assert '+     "ship": "Argo"' in lines


def test_an_event_too_many_is_told_as_a_difference() -> None:
    with pytest.raises(AssertionError, match=r"\+ rung"):
        given(BERTH).when("port.berth.ring").then()
    with pytest.raises(AssertionError, match="- rung"):
        given(BERTH).when("port.berth.ring").then("rung", "rung")


def test_a_refusal_that_was_not_expected_is_told_with_its_fields() -> None:
    with pytest.raises(AssertionError, match=r"it was refused: BAD_REQUEST: the payload is off\n  payload\.name: is required"):
        given().when("port.berth.add", {}).then()
    with pytest.raises(AssertionError, match="it was refused otherwise: BAD_REQUEST"):
        given().when("port.berth.add", {}).refused(NotFound)
    with pytest.raises(AssertionError, match=r"it was not refused; it logged \['opened'\]"):
        given().when("port.berth.add", {"name": "North"}).refused(BadRequest)


def test_another_response_is_told_as_a_difference() -> None:
    with pytest.raises(AssertionError, match="the response is another"):
        given(BERTH, ("occupied", {"ship": "Argo"})).when("port.berth.ship").then(response={"ship": "Ark"})


def test_a_wrong_name_is_met_with_the_one_that_was_meant() -> None:
    with pytest.raises(NotFound) as unknown:
        given().when("port.berth.ocupy").then()
    assert "port.berth.occupy" in unknown.value.help
    with pytest.raises(NotFound) as action:
        given(("ocupied", {})).when("port.berth.occupy", {"ship": "Ark"}).then()
    assert "occupied" in action.value.help
    with pytest.raises(TypeError, match="is no event"):
        given(("occupied", "Argo"))
