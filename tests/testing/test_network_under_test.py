"""`network()`: a whole network in memory, with the real procedures."""

from __future__ import annotations

from pathlib import Path

import pytest

from blossm import NotFound
from blossm.testing import network

HARBOUR = Path(__file__).parent.parent / "e2e" / "network"
COMPANY = "0b5e0f6e-6b0d-4f0f-9d3f-3a0c5d1f7a11"


async def test_a_view_has_seen_whatever_was_logged_when_it_is_asked() -> None:
    async with network(HARBOUR) as harbour:
        berth = await harbour.call("port.berth.add", {"name": "North"})
        for bells in range(1, 20):
            await harbour.call("port.berth.ring", root=berth.root)
            assert (await harbour.view("berths", berth.root)).body["bells"] == bells


async def test_a_row_of_a_context_is_seen_unfiltered() -> None:
    async with network(HARBOUR) as harbour:
        berth = await harbour.call("port.berth.add", {"name": "North"})
        await harbour.call("port.berth.occupy", {"ship": "Argo"}, root=berth.root, context={"company": COMPANY})
        row = await harbour.view("company.ships", berth.root)
        assert (row.body, row.context) == ({"ship": "Argo"}, COMPANY)


async def test_the_events_of_all_services_come_by_time() -> None:
    async with network(HARBOUR) as harbour:
        berth = await harbour.call("port.berth.add", {"name": "North"})
        await harbour.call("port.berth.steer", root=berth.root, claims={"sub": "ada", "jti": "1"})
        events = await harbour.events()
        assert [f"{event.service} {event.action}" for event in events] == ["port opened", "crew called", "port rung"]
        assert [step.procedure for step in events[1].tx.path] == ["command:port.berth.steer", "command:crew.pilot.call"]
        assert events[1].tx.claims == {"sub": "ada"}


async def test_facts_answer_and_stream() -> None:
    async with network(HARBOUR) as harbour:
        assert [item async for item in harbour.stream("numbers", {"up_to": 2})] == [{"number": 0}, {"number": 1}]
        with pytest.raises(NotFound):
            await harbour.fact("port.berth.ship", root=COMPANY)


async def test_each_network_begins_empty() -> None:
    for _ in range(2):
        async with network(HARBOUR) as harbour:
            assert await harbour.events() == []
            await harbour.call("port.berth.add", {"name": "North"})


async def test_unknown_addresses_are_named() -> None:
    async with network(HARBOUR) as harbour:
        with pytest.raises(NotFound, match=r"no command port\.berth\.sail"):
            await harbour.call("port.berth.sail")
        with pytest.raises(NotFound, match="no fact ship"):
            await harbour.fact("ship")
        with pytest.raises(NotFound, match="no view ship"):
            await harbour.view("ship", COMPANY)


pytest_plugins = ["pytester"]

TEST = """
from blossm.testing import given, network
from lib.names import NORTH

def test_in_a_plain_function():
    given().when("port.berth.add", {"name": NORTH}).then(("opened", {"name": NORTH}))

async def test_without_a_mark():
    async with network() as harbour:
        assert (await harbour.call("port.berth.add", {"name": NORTH})).events
"""


def test_a_users_tests_need_no_settings(pytester: pytest.Pytester) -> None:
    import shutil

    root = pytester.path / "harbour"
    shutil.copytree(HARBOUR, root, ignore=shutil.ignore_patterns(".blossm", "__pycache__"))
    (root / "lib").mkdir()
    (root / "lib" / "names.py").write_text('NORTH = "North"\n')
    for place in ("port/berth", "port/crane"):  # two files of one name, as every domain may have one
        (root / place / "test_domain.py").write_text(TEST)
    result = pytester.runpytest_subprocess(str(root), "-p", "no:cacheprovider")
    result.assert_outcomes(passed=4)
    assert "Warning" not in str(result.stderr)


def test_the_code_of_a_network_is_on_the_path_for_its_own_tests_only(pytester: pytest.Pytester) -> None:
    for name in ("north", "south"):
        pytester.mkdir(name).joinpath("blossm.yaml").write_text(f"network: {name}.example\n")
        pytester.path.joinpath(name, f"only_{name}.py").write_text("")
        other = "south" if name == "north" else "north"
        program = f"import sys, only_{name}\ndef test_path():\n    "
        program += f"import only_{name}\n    assert not any(place.endswith('{other}') for place in sys.path)\n"
        pytester.path.joinpath(name, "test_it.py").write_text(program)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "north", "south")
    result.assert_outcomes(passed=2)
