from blossm import BadRequest
from blossm.testing import given, network


def test_a_greeting_is_logged() -> None:
    given().when("town.visitor.greet", {"name": "Ada"}).then(("greeted", {"name": "Ada"}), response={"greeting": "Hello, Ada!"})


def test_nobody_is_greeted_without_a_name() -> None:
    given().when("town.visitor.greet", {"name": ""}).refused(BadRequest)


async def test_whoever_was_greeted_is_among_the_visitors() -> None:
    async with network() as hello:
        ada = await hello.call("town.visitor.greet", {"name": "Ada"})
        assert (await hello.view("visitors", ada.root)).body == {"name": "Ada", "greeted": 1}
