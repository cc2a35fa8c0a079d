from blossm import PermissionDenied
from blossm.testing import given, network


async def test_a_garage_is_renamed_by_whoever_is_in_it() -> None:
    async with network() as city:
        garage = await city.call("staff.garage.open_garage", {"name": "Spokes"})
        renamed = await city.call("staff.garage.rename", {"name": "Spokes & Sons"}, context={"garage": garage.root})
        assert [event.root for event in renamed.events] == [garage.root]


def test_without_a_garage_nothing_is_renamed() -> None:
    given().when("staff.garage.rename", {"name": "Spokes"}).refused(PermissionDenied)
