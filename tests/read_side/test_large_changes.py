"""Changes that are together more than one message can hold are made in parts."""

from __future__ import annotations

import pytest
from tests.read_side.world import MakeWorld

HANDLERS = """
    from blossm import view

    def noted(event):
        return view.put(event.root, {"color": event.payload["note"] * 1_000_000})
"""
LISTENS = {"shop.bicycle": ("noted",)}
NOTED = "shop.bicycle.noted"


@pytest.mark.ways("in process", "over gRPC", because="it is about what a message holds")
async def test_large_changes_of_many_commits_are_made_in_parts(made: MakeWorld) -> None:
    world = await made(handlers=HANDLERS, listens=LISTENS)
    for number in range(20):
        await world.log((NOTED, number, {"note": "x"}))
    await world.projection.catch_up()
    assert {len(body["color"]) for body in (await world.bodies()).values()} == {1_000_000}
    assert len(await world.bodies()) == 20


@pytest.mark.ways("over gRPC", because="it is about what a message holds")
async def test_a_commit_whose_changes_no_message_holds_stops_the_projection(made: MakeWorld) -> None:
    world = await made(handlers=HANDLERS, listens=LISTENS)
    await world.log(*((NOTED, number, {"note": "x"}) for number in range(20)))
    with pytest.raises(Exception, match="too large"):
        await world.projection.catch_up()
