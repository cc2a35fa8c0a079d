"""What only a caller in the same process can get wrong about a commit: over a wire it is filled in, or can't be said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from blossm.adapters.memory.clock import FakeClock
from blossm.adapters.memory.log import MemoryLogStore
from blossm.adapters.memory.states import MemoryStateStore
from blossm.core.commit import Commit, Later, StoredReply
from blossm.core.errors import BadRequest
from blossm.core.event import Tx
from blossm.procedures.event_store import EventStores
from blossm.testing.contracts.log_store import AT, RED, commit
from blossm.testing.contracts.shop import event_stores, painted

LATER = Later("shop.bicycle.paint", {"n": 2**64}, RED, AT)
NAN = float("nan")
SURROGATE = "is not UTF-8 (a lone surrogate)"


@pytest.fixture
async def stores() -> AsyncIterator[EventStores]:
    log = MemoryLogStore(service="shop", network="city.example")
    stores = event_stores(log, MemoryStateStore(), clock=FakeClock())
    yield stores
    await stores.close()


def changed(**fields: Any) -> Commit:
    return msgspec.structs.replace(commit(painted("red")), **fields)


@pytest.mark.parametrize(
    ("off", "path", "problem"),
    [
        (changed(id=""), "id", "is required"),
        (changed(key=""), "key", "is required"),
        (changed(key="\ud800"), "key", SURROGATE),
        (changed(id="\ud800"), "id", SURROGATE),
        (changed(fingerprint="\ud800"), "fingerprint", SURROGATE),
        (changed(key="k" * 1_025), "key", "may have 1024 characters, this one has 1025"),
        (changed(reply=StoredReply(200, {"amount": NAN})), "reply.response.amount", "is not a finite number"),
        (changed(reply=StoredReply(200, object())), "reply.response", "is no JSON, but of type object"),
        (changed(tx=Tx("tx", (), {"sub": "\ud800"})), "tx.claims.sub", SURROGATE),
        (changed(later=(LATER,)), "later[0].payload.n", "is an integer beyond 64 bits"),
    ],
)
async def test_what_is_off_about_a_commit_is_told_by_its_path(stores: EventStores, off: Commit, path: str, problem: str) -> None:
    with pytest.raises(BadRequest) as caught:
        await stores.append(off)
    assert [(field.path, field.problem) for field in caught.value.fields] == [(path, problem)]
    assert await stores.head() == 1


async def test_a_commit_without_events_is_refused(stores: EventStores) -> None:
    with pytest.raises(BadRequest):
        await stores.append(changed(events=()))
