from blossm.testing import network


async def test_a_hired_mechanic_shows_with_the_notes_they_got() -> None:
    async with network() as city:
        ada = await city.call("staff.mechanic.hire", {"name": "Ada", "hourly": 40})
        await city.call("staff.mechanic.notify", {"text": "Please"}, root=ada.root)
        assert (await city.view("mechanics", ada.root)).body == {"name": "Ada", "hourly": 40.0, "notes": 1}
