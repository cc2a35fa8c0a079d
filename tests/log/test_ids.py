"""Ids that the runtime makes: new ones stand together in an index, and no two are the same."""

from __future__ import annotations

import re
import time

import pytest

from blossm.core.idempotency import new_id


def test_an_id_has_32_hex_digits_and_no_two_are_the_same() -> None:
    ids = {new_id() for _ in range(1_000)}
    assert len(ids) == 1_000
    assert all(re.fullmatch("[0-9a-f]{32}", id) for id in ids)


def test_an_id_of_a_later_millisecond_comes_after_those_before(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    for milliseconds in (1_700_000_000_000, 1_700_000_000_001, 1_700_000_065_536, 4_000_000_000_000):
        monkeypatch.setattr(time, "time_ns", lambda now=milliseconds: now * 1_000_000 + 999_999)
        made += [new_id() for _ in range(20)]
    assert [id[:12] for id in sorted(made)] == [id[:12] for id in made]
