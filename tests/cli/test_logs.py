"""Logs are lines that people and grep can read."""

from __future__ import annotations

from blossm.serve.logs import line


def test_a_line_says_when_how_bad_what_and_with_what() -> None:
    said = {"level": "info", "event": "answered", "door": "c.bicycle.shop", "status": 200, "error": "it is wet"}
    told = line(None, "info", said)
    assert told[8:] == " info answered door=c.bicycle.shop status=200 error='it is wet'"


def test_what_came_from_outside_stays_on_its_line() -> None:
    told = line(None, "info", {"event": "answered", "path": "/a\n12:00:00 info forged", "empty": ""})
    assert "\n" not in told
    assert told.endswith("empty=''")


def test_an_exception_is_told_with_its_traceback() -> None:
    try:
        raise ValueError("wet powder")
    except ValueError as error:
        told = line(None, "error", {"event": "broke", "exc_info": error})
        same = line(None, "error", {"event": "broke", "exc_info": True})
    assert told[8:] == same[8:]
    assert told.splitlines()[-1] == "ValueError: wet powder"
