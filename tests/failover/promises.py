"""What must hold after a run, whatever broke in it: the promises of the log, one check each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tests.failover.replica_set import Broken
from tests.failover.world import Run, Try

from blossm.core.commit import Expectation, LoggedCommit, RootKey, appended
from blossm.core.errors import Conflict, DeadlineExceeded, Internal, KeyReused, ResourceExhausted, Unavailable
from blossm.core.expectations import broken

NOT_LOGGED = (Conflict, KeyReused, ResourceExhausted, Unavailable)


class Moment:
    """Which numbers and positions a log has up to some commit."""

    def __init__(self) -> None:
        self.numbers: dict[RootKey, int] = defaultdict(int)
        self.positions: dict[str, int] = defaultdict(int)

    def add(self, logged: LoggedCommit) -> None:
        for position, event in enumerate(logged.commit.events, start=logged.position):
            self.numbers[event.domain, event.root] += 1
            self.positions[event.domain] = position

    def broken(self, expect: Expectation) -> Conflict | None:
        return broken(expect, self.numbers.__getitem__, self.positions.__getitem__)


def check(run: Run) -> None:
    """Raises Broken, with what is not as promised."""
    if run.stopped:
        raise run.stopped
    _in_one_order(run.log)
    tried: dict[str, list[Try]] = defaultdict(list)
    for one in run.tries:
        tried[one.commit.id].append(one)
    by_id = {logged.commit.id: logged for logged in run.log}
    by_key = {logged.commit.key: logged for logged in run.log}
    _expectations_held(run.log, tried)
    for one in run.tries:
        _told_the_truth(one, by_id, by_key, run.order)
    for id, tries in tried.items():
        if id in by_id and all(isinstance(one.told, NOT_LOGGED) for one in tries):
            raise Broken(f"{id} is logged, and its callers were told: {[str(one.told) for one in tries]}")


def _in_one_order(log: list[LoggedCommit]) -> None:
    """Contiguous, each commit and key once, numbers that count, a time that never goes back."""
    head, committed, moment = 1, "", Moment()
    for logged in log:
        if logged.position != head:
            raise Broken(f"{logged.commit.id} stands at {logged.position}, and the log before it ends at {head}")
        if logged.committed < committed:
            raise Broken(f"{logged.commit.id} was committed before the one before it")
        for event, number in zip(logged.commit.events, logged.numbers, strict=True):
            moment.numbers[event.domain, event.root] += 1
            if number != moment.numbers[event.domain, event.root]:
                raise Broken(f"{logged.commit.id} counts {number} for the {moment.numbers[event.domain, event.root]}th event")
        head, committed = logged.end, logged.committed
    for what in ("id", "key"):
        all_of = [getattr(logged.commit, what) for logged in log]
        if len(set(all_of)) < len(all_of):
            raise Broken(f"there are commits with one {what}: {sorted(all_of)}")


def _expectations_held(log: list[LoggedCommit], tried: dict[str, list[Try]]) -> None:
    """What a commit expected was so at its place: by one of its tries, if there were several."""
    moment = Moment()
    for logged in log:
        tries = tried[logged.commit.id]
        if all(moment.broken(one.expect) for one in tries):
            raise Broken(f"{logged.commit.id} is logged at {logged.position} against {[one.expect for one in tries]}")
        moment.add(logged)


def _told_the_truth(
    one: Try, by_id: dict[str, LoggedCommit], by_key: dict[str, LoggedCommit], order: list[LoggedCommit | None]
) -> None:
    id, told, first = one.commit.id, one.told, by_key.get(one.commit.key)
    match told:
        case None | DeadlineExceeded() | Unavailable():
            return
        case Conflict():
            if not any(moment.broken(one.expect) for moment in _moments(order[: one.committed], since=one.seen)):
                raise Broken(f"{id} was told of a conflict that never was: {told}")
            if first is not None and any(first is logged for logged in order[: one.seen]):
                raise Broken(f"{id} was told of a conflict, and its key was logged before: {told}")
        case KeyReused():
            if first is None or first.commit.fingerprint == one.commit.fingerprint:
                raise Broken(f"{id} was told that its key was used: {told}")
        case Internal() | ResourceExhausted():
            raise Broken(f"{id} was told: {told}")
        case _ if first is None:
            raise Broken(f"{id} was acknowledged and is lost")
        case _ if told != appended(first, repeated=first.commit.id != id):
            raise Broken(f"{id} was told {told}, and the log has {first}")


def _moments(order: list[LoggedCommit | None], *, since: int) -> Iterator[Moment]:
    """The log as it was on a majority, from so many entries on."""
    moment = Moment()
    for length, logged in enumerate([*order, None]):
        if length >= since:
            yield moment
        if logged is not None:
            moment.add(logged)
