from blossm import BadRequest, NotFound
from blossm.testing import given

ADA = ("hired", {"name": "Ada", "hourly": 40})


def test_names_are_hired_without_the_spaces_around_them() -> None:
    given().when("staff.mechanic.hire", {"name": "  Ada ", "hourly": 40}).then(ADA)


def test_a_name_of_spaces_is_no_name() -> None:
    given().when("staff.mechanic.hire", {"name": "  ", "hourly": 40}).refused(BadRequest)


def test_a_mechanic_can_be_notified() -> None:
    given(ADA).when("staff.mechanic.notify", {"text": "Please"}).then(("notified", {"text": "Please"}))


def test_nobody_cannot_be_notified() -> None:
    given().when("staff.mechanic.notify", {"text": "Please"}, root="7d1c1c1e-6f2e-4c53-9a43-0a6d0f5b0005").refused(NotFound)
