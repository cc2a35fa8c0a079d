"""The recipe of docs/handlers.md, as it is printed there, on every store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.contracts.stores import InMemory, OnMongodb, OnSqlite
from tests.docs.markdown import blocks, page, sections

from blossm.adapters.memory.timers import MemoryTimerTable
from blossm.core.errors import PreconditionFailed
from blossm.core.request import Answer
from blossm.local.network import LocalNetwork
from blossm.local.timers import TimerTable
from blossm.model.fields import Field
from blossm.model.indexes import log_plan
from blossm.model.load import load
from blossm.model.network import EventStoreSpec, Place, ViewStoreSpec
from blossm.ports import LogStore, StateStore, ViewStore
from blossm.testing.under_test import NetworkUnderTest

RECIPE = blocks(sections(page("docs/handlers.md"))["One e-mail, one account"])
ACCOUNT = EventStoreSpec(
    name="account",
    address="shop.account",
    at=Place("account/blossm.yaml", 1, 1),
    service="shop",
    domain="account",
    schema={"email": Field(type="string")},
    actions={},
    indexes=("email",),
)


@dataclass
class Given:
    """Implements `local.storage.Storage` by stores that are there."""

    events: LogStore
    saved: StateStore
    timers: TimerTable
    shown = "given"

    async def log(self, service: str) -> LogStore:
        return self.events

    async def states(self, service: str) -> StateStore:
        return self.saved

    async def view(self, spec: ViewStoreSpec) -> ViewStore:
        raise NotImplementedError

    async def close(self) -> None: ...


class Recipe:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        yaml, code = (block.text for block in RECIPE)
        written = {
            "blossm.yaml": "network: city.example\n",
            "shop/blossm.yaml": "service: shop\n",
            "shop/account/blossm.yaml": yaml,
            "shop/account/commands.py": code,
        }
        for name, text in written.items():
            (tmp_path / "net" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "net" / name).write_text(text, encoding="utf-8")
        return tmp_path / "net"

    @pytest.fixture
    async def city(self, folder: Path, log: LogStore, states: StateStore) -> AsyncIterator[NetworkUnderTest]:
        storage = Given(log, states, MemoryTimerTable())
        async with await LocalNetwork.open(load(folder), storage=storage) as local:
            yield NetworkUnderTest(local)

    async def test_of_sign_ups_at_once_with_one_email_exactly_one_wins(self, city: NetworkUnderTest) -> None:
        spellings = ["ada@x.example", "Ada@x.example", "ADA@x.example"] * 3
        done = await asyncio.gather(
            *(city.call("shop.account.open", {"email": email}) for email in spellings), return_exceptions=True
        )
        assert [isinstance(each, Answer) for each in done].count(True) == 1
        assert [isinstance(each, PreconditionFailed) for each in done].count(True) == len(spellings) - 1
        assert [event.payload for event in await city.events()] == [{"email": "ada@x.example"}]

    async def test_sign_ups_with_different_emails_all_win(self, city: NetworkUnderTest) -> None:
        await asyncio.gather(*(city.call("shop.account.open", {"email": f"{n}@x.example"}) for n in range(4)))
        assert len(await city.events()) == 4

    async def test_an_email_that_was_given_up_is_free(self, city: NetworkUnderTest) -> None:
        first = await city.call("shop.account.open", {"email": "ada@x.example"})
        second = await city.call("shop.account.open", {"email": "bob@x.example"})
        with pytest.raises(PreconditionFailed):
            await city.call("shop.account.rename", {"email": "ada@x.example"}, root=second.root)
        await city.call("shop.account.rename", {"email": "countess@x.example"}, root=first.root)
        await city.call("shop.account.rename", {"email": "ada@x.example"}, root=second.root)


class TestRecipeInMemory(InMemory, Recipe): ...


class TestRecipeOnSqlite(OnSqlite, Recipe): ...


class TestRecipeOnMongodb(OnMongodb, Recipe):
    plan = log_plan([ACCOUNT])
