"""One run of a schedule: processes with the very appender of the product, their callers, and what each was told."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias
from unittest.mock import patch

from tests.failover.log import ReplicaLog, Rules
from tests.failover.replica_set import NODES, Broken, History, ReplicaSet
from tests.failover.schedule import PROCESSES, ROOTS, SECONDS, Act, Fault, Schedule
from tests.failover.virtual import LoopClock, at_once

from blossm.adapters.memory.bus import MemoryBus
from blossm.core import settling
from blossm.core.appender import PATIENCE, Appender
from blossm.core.commit import NOTHING, Appended, Commit, Expectation, LoggedCommit, NewEvent, StoredReply
from blossm.core.errors import BlossmError, Conflict, DeadlineExceeded, Unavailable
from blossm.core.event import Tx

TRIES = 4  # of a caller
MINUTES = 600.0  # in which everybody has an answer

MakeAppender: TypeAlias = Callable[..., Appender]


@dataclass(slots=True, eq=False)
class Try:
    """One append, and what its caller was told: None when it left before, or its process ended."""

    commit: Commit
    expect: Expectation
    seen: int  # so much of the log its process had seen when it asked
    told: Appended | BlossmError | None = None
    committed: int = 0  # so much of the log was on a majority when it was told


@dataclass
class Run:
    """What a run left behind: the log, all that was tried, and the story."""

    schedule: Schedule
    tries: list[Try] = field(default_factory=list)
    log: list[LoggedCommit] = field(default_factory=list)
    order: list[LoggedCommit | None] = field(default_factory=list)  # entries in the order in which a majority had them
    lines: Callable[[], list[str]] = list
    stopped: Broken | None = None


class Process:
    """A process of the service: a driver of its own, an appender. When it crashes, all in it is gone."""

    def __init__(self, name: str, servers: ReplicaSet, make: MakeAppender, rules: Rules, *, patience: float = PATIENCE) -> None:
        self.name = name
        self._servers, self._make, self._rules, self._patience = servers, make, rules, patience
        self.calls: list[asyncio.Task[Appended]] = []
        self.start()

    def start(self) -> None:
        self.store = ReplicaLog(self._servers, self.name, self._rules)
        self.appender = self._make(
            store=self.store,
            clock=LoopClock(),
            bus=MemoryBus(),
            service="shop",
            remembers=2 if self.name == "south" else 1_000,
            patience=self._patience,
        )

    def crash(self) -> None:
        for call in self.calls:
            call.cancel()
        if (draining := self.appender._draining) is not None:
            draining.cancel()
        self.calls = []
        self.start()


class World:
    def __init__(self, schedule: Schedule, make: MakeAppender, rules: Rules) -> None:
        self.history = History()
        self.chance = Random(f"what happens in {schedule.seed}")
        self.servers = ReplicaSet(self.chance, self.history)
        patience = 1.0 if schedule.seed % 2 else PATIENCE
        self.processes = {name: Process(name, self.servers, make, rules, patience=patience) for name in PROCESSES}
        self.run = Run(schedule)
        self._ids = 0

    async def play(self) -> None:
        """Let it all happen, heal what broke, wait for everybody, and see that the log goes on."""
        self.servers.elect("one")
        callers = [asyncio.create_task(self._caller(act)) for act in self.run.schedule.acts]
        watch = asyncio.create_task(self._watch())
        for fault in self.run.schedule.faults:
            await self._until(fault.at)
            self._break(fault)
        await self._until(SECONDS + 5)
        self._heal()
        _, late = await asyncio.wait(callers, timeout=MINUTES)
        if late:
            raise Broken(f"{len(late)} callers never got an answer")
        for caller in callers:
            caller.result()
        await self._end()
        watch.cancel()

    async def _end(self) -> None:
        """Everything that is on its way arrives; then a new process appends, and the log is read."""
        await asyncio.sleep(40)
        process = Process("last", self.servers, Appender, Rules())
        commit, refused = self._commit(()), ""
        for _ in range(2 * TRIES):
            try:
                await self._append(process, commit, NOTHING)
                break
            except BlossmError as error:  # a primary may step down even now
                refused = str(error)
        else:
            raise Broken(f"a healed log takes no append: {refused}")
        self.run.log = [*(await process.store.read(0, 1_000_000)).commits]
        self.run.order = [entry.document for entry in self.servers.committed]

    # ------------------------------------------------------------ callers

    async def _caller(self, act: Act) -> None:
        """Try, try again after a conflict or an unknown outcome, and remember what was said."""
        await self._until(act.at)
        commit = self._commit(act.roots, act.key, act.fingerprint)
        for _ in range(TRIES):
            process = self.processes[act.process]
            try:
                expect = await self._expectation(process, act)
                await self._append(process, commit, expect, act.leaves)
            except Conflict:
                commit = self._commit(act.roots, commit.key, act.fingerprint)
            except (Unavailable, DeadlineExceeded, TimeoutError):
                if act.again == "no":
                    return
                if act.again == "same key":
                    commit = self._commit(act.roots, commit.key, act.fingerprint)
            except BlossmError:
                return
            else:
                return

    async def _expectation(self, process: Process, act: Act) -> Expectation:
        match act.expects:
            case "nothing":
                return NOTHING
            case "guess":
                return Expectation(roots={act.roots[0]: self.chance.randint(0, 2)})
            case "quiet":
                return Expectation(quiet={act.roots[0][0]: await process.store.head()})
            case "read":
                keys = {*act.roots, *act.watched}
                return Expectation(roots=dict.fromkeys(sorted(keys), 0) | await process.store.latest(keys))

    async def _append(self, process: Process, commit: Commit, expect: Expectation, leaves: float = 0.0) -> None:
        """Append, and remember the answer. Raises TimeoutError where there was none."""
        one = Try(commit, expect, process.store.seen[1])
        self.run.tries.append(one)
        self.history.tell("{} is asked for {} with key {}, expecting {}", process.name, commit.id, commit.key, expect)
        call = asyncio.create_task(process.appender.append(commit, expect))
        process.calls.append(call)
        try:
            done, _ = await asyncio.wait([call], timeout=leaves or None)
            if not done:
                call.cancel()
                await asyncio.wait([call])
            if call.cancelled():
                self.history.tell("nobody waits for {} any more", commit.id)
                raise TimeoutError
            one.told = call.exception() or call.result()  # type: ignore[assignment]
            one.committed = len(self.servers.committed)
            self.history.tell("{} tells of {}: {}", process.name, commit.id, _short(one.told))
            call.result()
        finally:
            if call in process.calls:
                process.calls.remove(call)

    def _commit(self, roots: tuple[tuple[str, str], ...], key: str = "", fingerprint: str = "f") -> Commit:
        self._ids += 1
        id = f"c{self._ids}"
        events = tuple(NewEvent(domain, root, "painted", 1, {}) for domain, root in roots or ROOTS[:1])
        reply = StoredReply(response=id)
        return Commit(id=id, key=key or id, fingerprint=fingerprint, events=events, reply=reply, tx=Tx(id), created="")

    # ------------------------------------------------------------ faults

    def _break(self, fault: Fault) -> None:
        servers, now = self.servers, asyncio.get_running_loop().time()
        self.history.tell("fault: {} {}", fault.kind, " ".join(fault.what))
        match fault.kind:
            case "isolate":
                servers.cut |= {(fault.what[0], other) for other in NODES if other != fault.what[0]}
            case "cut":
                servers.cut.add((fault.what[0], fault.what[1]))
            case "heal":
                self._heal()
            case "elect":
                servers.elect(fault.what[0])
            case "elect behind":
                for name, node in servers.nodes.items():
                    node.lags = 0.0 if name == fault.what[0] else now + fault.seconds
                servers.elect(fault.what[0])
            case "step down":
                for node in servers.nodes.values():
                    if node.primary:
                        servers.step_down(node)
            case "lag":
                servers.nodes[fault.what[0]].lags = now + fault.seconds
            case "slow messages":
                servers.slow_until = now + fault.seconds
            case "crash":
                self.processes[fault.what[0]].crash()

    def _heal(self) -> None:
        self.servers.cut.clear()
        self.servers.slow_until = 0.0
        self.servers.wake_followers()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(1.0 + self.chance.random())
            self.servers.watch()

    async def _until(self, at: float) -> None:
        await asyncio.sleep(max(0.0, at - asyncio.get_running_loop().time()))


def _short(told: object) -> str:
    if isinstance(told, Appended):
        return f"{'repeated' if told.repeated else 'logged'} at {[event.position for event in told.events]}"
    return f"{type(told).__name__}: {told}"


def run(schedule: Schedule, *, make: MakeAppender = Appender, rules: Rules | None = None) -> Run:
    """Play a schedule to its end.

    Every second one is of appenders that are impatient: more outcomes stay unknown. In every third one an appender that
    is a few events behind starts anew, as others do that are far behind.
    """

    async def play() -> Run:
        world = World(schedule, make, rules or Rules())
        try:
            await world.play()
        except Broken as broken:
            world.run.stopped = broken
        world.run.lines = world.history.lines
        return world.run

    random.seed(schedule.seed)  # the appender waits by chance when it lost a race
    page, far = (settling.PAGE, settling.FAR) if schedule.seed % 3 else (2, 3)
    with patch.object(settling, "PAGE", page), patch.object(settling, "FAR", far):
        return at_once(play())
