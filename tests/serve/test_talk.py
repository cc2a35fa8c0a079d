"""What a process says on the way goes to stderr, with its name: stdout is for data."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.serve.tower import LOG, PROJECTION, RING, SOON, VIEW, Tower, built, request

from blossm.serve.nursery import Nursery


async def test_what_handlers_print_and_what_is_logged_is_talk(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    async with Nursery() as nursery:
        tower = Tower(built(tmp_path / "network"), nursery)
        (tmp_path / "network/views/bells.py").write_text("def rung(event):\n    raise ValueError('cracked')\n")
        *_, projection = await tower.ready(LOG, VIEW, RING, PROJECTION)
        async with tower.clients() as clients:
            await clients.command(RING.address).call(request(RING))
        async with asyncio.timeout(SOON):
            while not ((await projection.status()).projection or {})["error"]:
                pass
    out, err = capfd.readouterr()
    assert out == ""
    assert "ding" in err.splitlines()
    assert any(line.startswith("projection:bells ") and "stands still" in line for line in err.splitlines())
