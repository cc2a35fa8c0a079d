from blossm.testing import network

GARAGE = {"garage": "7d1c1c1e-6f2e-4c53-9a43-0a6d0f5b0001"}


async def test_the_citys_statistics_count_what_every_service_has() -> None:
    async with network() as city:
        await city.call("staff.mechanic.hire", {"name": "Ada", "hourly": 40})
        bicycles = [await city.call("shop.bicycle.register", {"frame_color": color}, context=GARAGE) for color in ("red", "blue")]
        await city.call("shop.bicycle.sell", root=bicycles[0].root)
        assert await city.fact("statistics") == {"bicycles": 1, "mechanics": 1}
