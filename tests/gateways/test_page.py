"""docs/gateways.md says what the doors do."""

from __future__ import annotations

import re
from pathlib import Path

from blossm.core.errors import BlossmError, Internal
from blossm.procedures.doors import problem  # with the errors that only doors have

PAGE = (Path(__file__).parents[2] / "docs" / "gateways.md").read_text(encoding="utf-8")


def test_the_page_has_every_status_that_a_door_answers() -> None:
    told = {(int(status), code) for status, code in re.findall(r"^\| (\d{3}) \| `([A-Z_]+)`", PAGE, re.MULTILINE)}
    ours = [error for error in BlossmError.__subclasses__() if error.__module__ in (Internal.__module__, problem.__name__)]
    assert told == {(error.http, error.code()) for error in ours}
