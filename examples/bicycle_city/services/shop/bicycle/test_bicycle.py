from blossm import BadRequest, NotFound, PermissionDenied, PreconditionFailed
from blossm.testing import given, network

GARAGE = {"garage": "7d1c1c1e-6f2e-4c53-9a43-0a6d0f5b0001"}
RED = ("registered", {"frame_color": "red", "wheels": 2})


def test_painting_in_another_color_is_logged() -> None:
    given(RED).when("shop.bicycle.paint", {"frame_color": "green"}).then(("painted", {"frame_color": "green"}))


def test_painting_in_the_same_color_logs_nothing() -> None:
    given(RED).when("shop.bicycle.paint", {"frame_color": "red"}).then()


def test_there_is_no_purple() -> None:
    given(RED).when("shop.bicycle.paint", {"frame_color": "purple"}).refused(BadRequest)


def test_a_bicycle_that_nobody_registered_cannot_be_painted() -> None:
    given().when("shop.bicycle.paint", {"frame_color": "red"}, root="7d1c1c1e-6f2e-4c53-9a43-0a6d0f5b0002").refused(NotFound)


def test_a_sold_bicycle_is_not_sold_again() -> None:
    given(RED, ("sold", {})).when("shop.bicycle.sell").refused(PreconditionFailed)


def test_selling_answers_the_price() -> None:
    given(RED).when("shop.bicycle.sell").then(("sold", {}), response={"amount": 215.0})


def test_registering_needs_a_garage() -> None:
    given().when("shop.bicycle.register", {"frame_color": "red"}).refused(PermissionDenied)


async def test_a_bicycle_is_registered_together_with_its_wheels() -> None:
    async with network() as city:
        bicycle = await city.call("shop.bicycle.register", {"frame_color": "red", "wheels": 3}, context=GARAGE)
        assert [(event.domain, event.action) for event in bicycle.events] == [
            ("bicycle", "registered"),
            ("wheel", "mounted"),
            ("wheel", "mounted"),
            ("wheel", "mounted"),
        ]


async def test_a_repair_notifies_the_mechanic() -> None:
    async with network() as city:
        mechanic = await city.call("staff.mechanic.hire", {"name": "Ada", "hourly": 40})
        bicycle = await city.call("shop.bicycle.register", {"frame_color": "blue"}, context=GARAGE)
        await city.call("shop.bicycle.repair", {"mechanic": mechanic.root, "work": "new brakes"}, root=bicycle.root)
        assert (await city.view("mechanics", mechanic.root)).body["notes"] == 1


async def test_a_quote_asks_for_the_mechanics_rate() -> None:
    async with network() as city:
        mechanic = await city.call("staff.mechanic.hire", {"name": "Ada", "hourly": 40})
        bicycle = await city.call("shop.bicycle.register", {"frame_color": "blue"}, context=GARAGE)
        quote = await city.fact("shop.bicycle.quote", {"mechanic": mechanic.root, "hours": 1.5}, root=bicycle.root)
        assert quote == {"amount": 60.0}


async def test_bicycles_of_a_color_come_one_by_one() -> None:
    async with network() as city:
        for color in ("red", "blue", "red"):
            await city.call("shop.bicycle.register", {"frame_color": color}, context=GARAGE)
        assert len([item async for item in city.stream("shop.bicycle.of_color", {"frame_color": "red"})]) == 2
