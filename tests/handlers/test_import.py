"""`import blossm` is what every handler begins with."""

from __future__ import annotations

import subprocess
import sys

import blossm


def test_it_loads_none_of_what_serving_does_not_need() -> None:
    heavy = ("grpc", "pydantic", "yaml", "structlog", "jsonschema_rs", "starlette", "apsw", "httpx")
    code = f"import sys, blossm; print([name for name in {heavy} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


def test_every_name_it_offers_is_there() -> None:
    assert [name for name in blossm.__all__ if not hasattr(blossm, name)] == []


def test_command_and_fact_may_be_written_with_the_type_of_their_payload() -> None:
    assert str(blossm.Command[dict[str, str]]).endswith("Command[dict[str, str]]")
    assert str(blossm.Fact[dict[str, str]]).endswith("Fact[dict[str, str]]")
