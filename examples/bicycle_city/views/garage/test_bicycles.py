from blossm.testing import network

GARAGE = {"garage": "7d1c1c1e-6f2e-4c53-9a43-0a6d0f5b0001"}


async def test_a_painted_bicycle_shows_in_the_garage() -> None:
    async with network() as city:
        bicycle = await city.call("shop.bicycle.register", {"frame_color": "red"}, context=GARAGE)
        await city.call("shop.bicycle.paint", {"frame_color": "green"}, root=bicycle.root)
        body = (await city.view("garage.bicycles", bicycle.root)).body
        assert (body["frame_color"], body["painted"], body["sold"]) == ("green", 1, False)


async def test_worn_wheels_are_counted_with_their_bicycle() -> None:
    async with network() as city:
        bicycle = await city.call("shop.bicycle.register", {"frame_color": "red"}, context=GARAGE)
        front, _ = bicycle.response["wheels"]
        await city.call("shop.wheel.wear_out", root=front)
        assert (await city.view("garage.bicycles", bicycle.root)).body["worn_wheels"] == 1
