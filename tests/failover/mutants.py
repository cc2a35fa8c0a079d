"""The appender, each time without one of its rules: what it must not be."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Literal

from blossm.core.appender import Appender
from blossm.core.batch import Batch, Plan, fail
from blossm.core.commit import LoggedCommit, appended
from blossm.core.errors import Unavailable
from blossm.core.prefix import Prefix
from blossm.core.settling import Settler


class _Pipelining(Settler):
    """Without rule 3: it sends a batch as soon as the one before is sent. It still tells nobody before it is durable."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self._sent: set[asyncio.Task[None]] = set()

    async def _try(self, batch: Batch) -> bool:
        prefix = self._prefix or await self._begin()
        made = await self._plan(prefix, batch)
        if made.winners:
            logged = [logged for _, logged in made.winners]
            sent = asyncio.create_task(self._send(prefix.head, logged, made))
            self._sent.add(sent)
            sent.add_done_callback(self._sent.discard)
            prefix.learn_roots(made.numbers)
            prefix.learn_domains(made.positions)
            prefix.advance(head=logged[-1].end, committed=logged[-1].committed, keys=made.keys)
            batch.waiting = []
        return True

    async def _send(self, position: int, commits: list[LoggedCommit], made: Plan) -> None:
        outcome = "unknown"
        with suppress(Unavailable):
            outcome = await self._store.insert_at(position, commits)
        if outcome == "inserted":
            for append, logged in made.winners:
                append.tell(appended(logged))
        else:
            self._prefix = None
        fail([append for append, _ in (*made.winners, *made.late)], self.unknown())


class _Hopeful(Settler):
    """Without rule 3: what it could not find out about counts as the head that it builds on. It tells nobody so."""

    async def _plan(self, prefix: Prefix, batch: Batch) -> Plan:
        self._made = await super()._plan(prefix, batch)
        return self._made

    async def _try(self, batch: Batch) -> bool:
        done = await super()._try(batch)
        if batch.waiting and not done and self._prefix is not None:
            for _, logged in self._made.winners:
                self._prefix.add(logged)
            raise self.unknown()
        return done


class _ByPosition(Settler):
    """Without the look at ids: after an unknown outcome, what stands where it sent its own is its own."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self._insert_at = self._store.insert_at
        self._store.insert_at = self._noted  # type: ignore[method-assign]
        self._unsure: Sequence[LoggedCommit] = ()

    async def _noted(self, position: int, commits: Sequence[LoggedCommit]) -> Literal["inserted", "taken", "unknown"]:
        outcome = await self._insert_at(position, commits)
        self._unsure = commits if outcome == "unknown" else ()
        return outcome

    async def _catch_up(self, prefix: Prefix, batch: Batch) -> bool:
        tail = (await self._store.read(prefix.head - 1, 500)).commits if self._unsure else ()
        moved = await super()._catch_up(prefix, batch)
        there = {logged.position: logged for logged in tail}
        batch.known |= {mine.commit.key: there[mine.position] for mine in self._unsure if mine.position in there}
        return moved


class Pipelining(Appender):
    settler = _Pipelining


class Hopeful(Appender):
    settler = _Hopeful


class ByPosition(Appender):
    settler = _ByPosition


class _Forgetful(Settler):
    """Without a look at what the log has under a key."""

    async def _known(self, keys: Iterable[str]) -> dict[str, LoggedCommit]:
        return {}


class Forgetful(Appender):
    settler = _Forgetful
