"""Short words of the appender's tests."""

from __future__ import annotations

from blossm.core.commit import Appended, Expectation
from blossm.ports import LogStore
from blossm.testing.contracts.log_store import RED

NEW_RED = Expectation(roots={("bicycle", RED): 0})


def red(number: int) -> Expectation:
    return Expectation(roots={("bicycle", RED): number})


def positions(appended: Appended) -> list[int]:
    return [event.position for event in appended.events]


def numbers(appended: Appended) -> list[int]:
    return [event.number for event in appended.events]


async def ids(log: LogStore) -> list[str]:
    return [logged.commit.id for logged in (await log.read(0, 1_000)).commits]
