from __future__ import annotations

import pytest

from blossm.core.errors import ResourceExhausted
from blossm.procedures.doors.rate import Rate
from blossm.procedures.doors.remembered import Remembered


def test_a_value_is_good_until_its_time() -> None:
    memory: Remembered[str, int] = Remembered(10)
    memory.put("a", 1, until=5.0)
    assert memory.get("a", 4.9) == 1
    assert memory.get("a", 5.0) is None
    assert len(memory) == 0


def test_a_memory_is_bounded_and_forgets_what_was_used_longest_ago() -> None:
    memory: Remembered[int, int] = Remembered(3)
    for number in range(3):
        memory.put(number, number, until=99.0)
    memory.get(0, 0.0)
    memory.put(3, 3, until=99.0)
    assert [memory.get(number, 0.0) for number in range(4)] == [0, None, 2, 3]


def test_a_rate_lets_a_seconds_worth_through_at_once_and_then_one_by_one() -> None:
    rate = Rate(10.0)
    for _ in range(10):
        rate.take("ada", 0.0)
    with pytest.raises(ResourceExhausted) as refusal:
        rate.take("ada", 0.0)
    assert refusal.value.facts == {"retry_after": 0.1}
    rate.take("ada", 0.1)
    rate.take("bob", 0.1)


def test_a_slow_rate_still_lets_one_through() -> None:
    rate = Rate(0.5)
    rate.take("ada", 0.0)
    with pytest.raises(ResourceExhausted) as refusal:
        rate.take("ada", 1.0)
    assert refusal.value.facts == {"retry_after": 1.0}
    rate.take("ada", 2.0)


def test_who_waited_long_has_a_full_bucket_and_no_more() -> None:
    rate = Rate(2.0)
    for at in (0.0, 1000.0):
        rate.take("ada", at)
        rate.take("ada", at)
        with pytest.raises(ResourceExhausted):
            rate.take("ada", at)
