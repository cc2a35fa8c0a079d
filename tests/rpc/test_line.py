"""What is told of a call that was sent more than once: that it may have been done is not forgotten on the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from tests.rpc.served_shop import NETWORK

from blossm.adapters.clock import SystemClock
from blossm.core.errors import (
    BlossmError,
    Conflict,
    DeadlineExceeded,
    PermissionDenied,
    ResourceExhausted,
    Unavailable,
)
from blossm.rpc.calling import line as protocol
from blossm.rpc.calling.event_store import WireEventStores
from blossm.rpc.calling.line import BrokenOff, Line
from blossm.rpc.status import status_of
from blossm.rpc.types import Types
from blossm.rpc.v1 import event_store_pb2 as pb
from blossm.testing.contracts.log_store import commit
from blossm.testing.contracts.shop import painted

TYPES = Types(NETWORK)
METADATA: Any = grpc.aio.Metadata()


def failed(code: grpc.StatusCode, details: str, trailers: tuple[tuple[str, Any], ...] = ()) -> grpc.aio.AioRpcError:
    return grpc.aio.AioRpcError(code, METADATA, grpc.aio.Metadata(*trailers), details)


BROKEN = failed(grpc.StatusCode.UNAVAILABLE, "Socket closed")
NOBODY = failed(grpc.StatusCode.UNAVAILABLE, "failed to connect to all addresses")


def told(error: BlossmError) -> grpc.aio.AioRpcError:
    """As a callee tells it."""
    code, message, trailers = status_of(error, most=1_000)
    return failed(code, message, trailers)


class AChannel:
    """A channel on which each call ends with the next of these."""

    def __init__(self, *ends: BaseException | Callable[[], object]) -> None:
        self.ends = list(ends)

    def unary_unary(self, method: str) -> Any:
        async def call(data: bytes, **more: Any) -> bytes:
            end = self.ends.pop(0)
            if isinstance(end, BaseException):
                raise end
            end()
            return pb.HeadResponse(head=1).SerializeToString()

        return call


def line(*ends: BaseException | Callable[[], object]) -> Line:
    channel: Any = AChannel(*ends)
    return Line(channel, "key")


async def ask(line: Line, *, again: bool = True) -> pb.HeadResponse:
    return await line.ask("/s/Head", pb.HeadRequest(), pb.HeadResponse, timeout=None, again=again)


CLOSED = grpc.aio.UsageError("Channel is closed.")
UNSURE = [told(Unavailable("the log is away")), told(ResourceExhausted("the queue is full")), CLOSED]
NAMES = ["a part is away", "a queue is full", "the channel was closed"]


@pytest.mark.parametrize("second", UNSURE, ids=NAMES)
async def test_a_call_that_may_have_been_done_is_still_in_doubt_when_the_next_try_is_refused(second: Exception) -> None:
    with pytest.raises(BrokenOff):
        await ask(line(BROKEN, second))


@pytest.mark.parametrize("first", UNSURE, ids=NAMES)
async def test_a_call_that_is_refused_at_once_was_not_done(first: Exception) -> None:
    with pytest.raises((Unavailable, ResourceExhausted)) as raised:
        await ask(line(NOBODY, first))
    assert not isinstance(raised.value, BrokenOff)


@pytest.mark.parametrize("error", [Conflict("it moved"), PermissionDenied("no")], ids=["conflict", "denied"])
async def test_what_the_next_try_decides_is_the_answer(error: BlossmError) -> None:
    with pytest.raises(type(error), match=error.message):
        await ask(line(BROKEN, told(error)))


async def test_a_call_in_doubt_that_is_not_answered_any_more_stays_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "PATIENCE", 0.1)
    with pytest.raises(BrokenOff, match="Socket closed"):
        await ask(line(BROKEN, *[NOBODY] * 100))


@pytest.mark.parametrize(("first", "kind"), [(NOBODY, Unavailable), (BROKEN, BrokenOff)], ids=["nobody", "broken"])
async def test_a_caller_that_is_too_busy_to_try_again_in_time_is_told_what_befell_its_call(
    first: grpc.aio.AioRpcError, kind: type[Unavailable]
) -> None:
    def busy(problem: BlossmError) -> None:
        time.sleep(0.3)  # as a loop does that has too much to do

    calls = line(first, lambda: None)
    with pytest.raises(Unavailable) as raised:
        await calls.ask("/s/Head", pb.HeadRequest(), pb.HeadResponse, timeout=0.2, again=True, before_again=busy)
    assert type(raised.value) is kind


async def test_of_an_append_in_doubt_the_outcome_is_unknown_though_the_log_is_away_by_then() -> None:
    calls = line(BROKEN, told(Unavailable("the log is away")))
    stores = WireEventStores(calls, network=NETWORK, types=TYPES, service="shop", clock=SystemClock())
    with pytest.raises(DeadlineExceeded, match="outcome is unknown"):
        await stores.append(commit(painted("red")))
