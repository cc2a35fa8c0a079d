"""What messages are called, and when two things would be called the same."""

from __future__ import annotations

import pytest
from tests.contract.one_store import command, fact, network, store, view

from blossm.model.contract import naming
from blossm.model.contract.collisions import Collision, collisions
from blossm.model.fields import Field
from blossm.model.network import Network


def test_messages_are_named_after_what_they_are_of() -> None:
    assert naming.event_message("shop.bicycle", "repair_begun") == "shop.bicycle.RepairBegun"
    assert naming.state_message("shop.bicycle_part") == "shop.bicycle_part.BicyclePartState"
    assert naming.request_message("shop.bicycle.paint") == "shop.bicycle.PaintRequest"
    assert naming.response_message("price") == "network.PriceResponse"
    assert naming.row_message("garage.bicycles") == "views.garage.Bicycles"
    assert naming.row_message("bicycles") == "views.Bicycles"


def told(network: Network) -> list[tuple[str, str, str]]:
    return [(found.name, found.first, found.second) for found in collisions(network)]


def test_a_network_without_collisions_has_none() -> None:
    shop = network(
        stores=(store(painted={}), store("shop.wheel", painted={})),
        commands=(command("shop.bicycle.paint"), command("shop.wheel.paint")),
        facts=(fact("paint"), fact("shop.bicycle.price")),
        views=(view("bicycles"), view("garage.bicycles")),
    )
    assert collisions(shop) == ()


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (
            network(stores=(store(a_1={}, a1={}),)),
            ("shop.bicycle.A1", "the action a_1 of shop.bicycle", "the action a1 of shop.bicycle"),
        ),
        (
            network(stores=(store(paint_request={}),), commands=(command("shop.bicycle.paint"),)),
            ("shop.bicycle.PaintRequest", "the action paint_request of shop.bicycle", "the request of shop.bicycle.paint"),
        ),
        (
            network(stores=(store(bicycle_state={}),)),
            ("shop.bicycle.BicycleState", "the action bicycle_state of shop.bicycle", "the state of shop.bicycle"),
        ),
        (
            network(commands=(command("shop.bicycle.a_1"), command("shop.bicycle.a1"))),
            ("shop.bicycle.A1Request", "the request of shop.bicycle.a_1", "the request of shop.bicycle.a1"),
        ),
        (network(views=(view("a_1"), view("a1"))), ("views.A1", "the view a_1", "the view a1")),
        (
            network(stores=(store("views.garage", opened={}),), views=(view("garage.bicycles"),)),
            ("views.garage", "the domain views.garage", "the views of garage"),
        ),
        (
            network(stores=(store("google.protobuf", timestamp={}),)),
            ("google.protobuf", "protobuf's own types", "the domain google.protobuf"),
        ),
    ],
)
def test_two_things_of_one_name_are_told(broken: Network, problem: tuple[str, str, str]) -> None:
    assert told(broken) == [problem]


def test_a_collision_says_where_the_second_one_is() -> None:
    broken = network(views=(view("a_1"), view("a1", text=Field(type="string"))))
    assert collisions(broken) == (Collision("views.A1", "the view a_1", "the view a1", broken.view_stores["a1"].at),)
