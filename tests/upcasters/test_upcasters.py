"""Old payloads are lifted wherever they are read, and the log keeps them as they were."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from blossm.adapters.memory.log import MemoryLogStore
from blossm.adapters.sqlite.log import SqliteLogStore
from blossm.core.commit import NewEvent
from blossm.core.errors import Internal
from blossm.core.event import LoggedEvent
from blossm.handlers.folds import fold_of
from blossm.handlers.modules import HandlerError, Modules
from blossm.local.network import LocalNetwork
from blossm.local.storage import MemoryStorage
from blossm.model.diagnostics import InvalidNetwork
from blossm.model.load import load
from blossm.ports import LogStore
from blossm.replay import replay
from blossm.testing.contracts.log_store import RED, commit, placed

ROOT = Path(__file__).parent / "network"
SAMPLES = json.loads((ROOT / "samples.json").read_text(encoding="utf-8"))
TODAY = [sample["today"] for sample in SAMPLES]
STATE = {"color": "green", "coats": 2, "owner": {"name": "Bob"}}


class Old(MemoryStorage):
    """A network's stores, with a log of former years."""

    def __init__(self, log: LogStore) -> None:
        super().__init__(load(ROOT))
        self.logged = log

    async def log(self, service: str) -> LogStore:
        return self.logged


@pytest.fixture(params=["memory", "sqlite"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[LogStore]:
    """All samples happened to one bicycle."""
    store: LogStore = MemoryLogStore(service="shop", network="city.example")
    if request.param == "sqlite":
        store = SqliteLogStore.open(tmp_path / "log", service="shop", network="city.example")
    old = [commit(NewEvent("bicycle", RED, each["action"], each["version"], each["payload"])) for each in SAMPLES]
    assert await store.insert_at(1, placed(*old)) == "inserted"
    yield store
    await store.close()


@pytest.fixture
async def city(log: LogStore) -> AsyncIterator[LocalNetwork]:
    async with await LocalNetwork.open(load(ROOT), storage=Old(log)) as made:
        yield made


async def logged(log: LogStore) -> list[tuple[int, dict[str, Any]]]:
    return [(event.version, event.payload) for each in (await log.read(0, 100)).commits for event in each.commit.events]


AS_LOGGED = [(sample["version"], sample["payload"]) for sample in SAMPLES]


def payloads(events: list[LoggedEvent]) -> list[dict[str, Any]]:
    return [event.payload for event in events]


async def test_old_payloads_are_lifted_wherever_they_are_read(city: LocalNetwork, log: LogStore) -> None:
    shop = city.operator.event_stores("shop")
    for _ in range(2):  # the second time from a state that is kept
        assert (await shop.aggregate("bicycle", RED)).value.state == STATE
        assert (await shop.aggregate("bicycle", RED, number=1)).value.state == {"color": "red", "coats": 1}
        assert (await shop.aggregate("bicycle", RED, time="2030-01-01T00:00:00Z")).value.state == STATE
        assert [found.root for found in (await shop.query_aggregates("bicycle", {"owner.name": "Bob"})).value] == [RED]
        assert payloads(await shop.root("bicycle", RED)) == TODAY
    read = (await shop.read(0)).commits
    streamed = [each async for page in shop.stream(0) for each in page.commits]
    for commits in (read, tuple(streamed)):
        assert [event.payload for each in commits for event in each.commit.events] == TODAY
        assert [event.version for each in commits for event in each.commit.events] == [3, 3, 3, 2, 2]
    assert await logged(log) == AS_LOGGED


async def test_views_are_made_of_lifted_payloads_also_by_a_replay(city: LocalNetwork, log: LogStore) -> None:
    row = {"color": "green", "coats": 2, "owner": "Bob (2)"}
    view = city.operator.view_store("bicycles")
    await city.projections["bicycles"].catch_up()
    assert (await view.get(RED)).body == row
    done = await replay(
        spec=city.network.projections["bicycles"],
        network=city.network,
        modules=city.modules,
        clients=city.operator,
        clock=city.clock,
        progress=lambda step: None,
    )
    assert done.phase == "switched"
    assert (await view.get(RED)).body == row
    assert await logged(log) == AS_LOGGED


def changed(tmp_path: Path, upcasters: str) -> Path:
    """The network with another upcasters.py."""
    for file in ROOT.rglob("*"):
        if file.suffix in (".yaml", ".py") and not file.name.startswith("test_"):
            place = tmp_path / file.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(file.read_text())
    (tmp_path / "services" / "shop" / "bicycle" / "upcasters.py").write_text(upcasters)
    return tmp_path


WHOLE = (ROOT / "services" / "shop" / "bicycle" / "upcasters.py").read_text()


async def test_an_upcaster_that_raises_is_told_with_its_event_its_version_and_its_line(tmp_path: Path) -> None:
    root = changed(tmp_path, WHOLE.replace('payload.pop("colour").lower()', 'payload["hue"]'))
    fold = fold_of(load(root).event_stores["shop.bicycle"], Modules(root))
    (event,) = placed(commit(NewEvent("bicycle", RED, "painted", 1, {"colour": "RED"})))[0].events(service="shop", network="c")
    with pytest.raises(Internal) as broken:
        fold.lift(event)
    facts = broken.value.facts
    assert (facts["event"], facts["version"], facts["function"], facts["line"]) == (event.id, 1, "painted_1_to_2", 9)
    assert facts["file"].endswith("services/shop/bicycle/upcasters.py")
    assert f"{facts['file']}:9: painted_1_to_2 raised KeyError: 'hue'" in broken.value.message


def test_a_gap_in_a_chain_is_found_without_running_anything(tmp_path: Path) -> None:
    root = changed(tmp_path, "raise SystemExit('it was run')\n" + WHOLE.replace("painted_2_to_3", "painted_2_to_4"))
    with pytest.raises(InvalidNetwork) as refused:
        load(root)
    assert [found.code for found in refused.value.problems] == ["B205"]


def test_a_gap_that_only_shows_when_the_module_runs_is_told_at_the_start(tmp_path: Path) -> None:
    root = changed(tmp_path, WHOLE + "\n\nif True:\n    del painted_2_to_3\n")
    network = load(root)
    with pytest.raises(HandlerError, match="nothing lifts version 2"):
        asyncio.run(_opened(network))


async def _opened(network: Any) -> None:
    async with await LocalNetwork.open(network, storage=MemoryStorage(network)):
        raise AssertionError("it began")
