"""One batch of appends: which of them can be logged at the head, in which order, and which have lost. Pure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from blossm.core.commit import Appended, Commit, Expectation, LoggedCommit, RootKey, appended
from blossm.core.errors import BlossmError, Conflict, KeyReused
from blossm.core.expectations import broken
from blossm.core.prefix import Prefix


@dataclass(slots=True, eq=False)
class Append:
    """A commit that waits for its place, since `since`. `answer` gets what its caller is told."""

    commit: Commit
    expect: Expectation
    size: int
    answer: asyncio.Future[Appended]
    since: float

    def tell(self, result: Appended | BlossmError) -> None:
        """Tell its caller, if it still listens and was not told before."""
        if self.answer.done():
            return
        if isinstance(result, BlossmError):
            self.answer.set_exception(result)
        else:
            self.answer.set_result(result)


def fail(appends: Iterable[Append], error: BlossmError) -> None:
    """Tell all who have no answer yet, each with an error of its own."""
    for append in appends:
        own = type(error)(error.message, fields=error.fields, facts=error.facts, help=error.help)
        own.__cause__ = error
        append.tell(own)


@dataclass(slots=True)
class Batch:
    """Appends on their way together.

    `waiting` have not been told anything. `known` is what the durable log was seen to hold under their keys.
    `unclear`: something of them may have been written that was not acknowledged.
    """

    waiting: list[Append]
    known: dict[str, LoggedCommit] = field(default_factory=dict)
    unclear: bool = False

    def keys(self) -> set[str]:
        return {append.commit.key for append in self.waiting}


@dataclass(slots=True)
class Plan:
    """What becomes of the appends of a batch.

    `lost` have lost to the durable log, `repeats` found their key there. The `late` ones met an earlier append of the
    batch: their answer is true only when the batch is durable. `ahead` ones expect more than the prefix has: either
    the prefix is behind, or they are wrong.
    """

    winners: list[tuple[Append, LoggedCommit]] = field(default_factory=list)
    lost: list[tuple[Append, Conflict]] = field(default_factory=list)
    repeats: list[tuple[Append, LoggedCommit]] = field(default_factory=list)
    late: list[tuple[Append, LoggedCommit | Conflict]] = field(default_factory=list)
    numbers: dict[RootKey, int] = field(default_factory=dict)  # of roots, when the batch is durable
    positions: dict[str, int] = field(default_factory=dict)  # of domains
    keys: dict[str, LoggedCommit] = field(default_factory=dict)

    def losers(self) -> list[Append]:
        """Who would be told of a conflict."""
        return [append for append, met in (*self.lost, *self.late) if isinstance(met, Conflict)]


def plan(appends: Sequence[Append], prefix: Prefix, known: Mapping[str, LoggedCommit], *, now: str) -> Plan:
    """Give each append, in order, its place after the prefix, or say why it has none.

    `known` are commits of the durable log by key. The prefix knows all roots and domains that the appends name.
    """
    made = Plan()
    head, committed = prefix.head, max(now, prefix.committed)

    def number(key: RootKey) -> int:
        return made.numbers.get(key) or prefix.number(key)

    def position(domain: str) -> int:
        return made.positions.get(domain) or prefix.position(domain)

    for append in appends:
        commit, expect = append.commit, append.expect
        if first := known.get(commit.key):
            made.repeats.append((append, first))
        elif mate := made.keys.get(commit.key):
            made.late.append((append, mate))
        elif (expect.roots or expect.quiet) and (conflict := broken(expect, number, position)):
            if durable := broken(expect, prefix.number, prefix.position):
                made.lost.append((append, durable))
            else:
                made.late.append((append, conflict))
        else:
            logged = _placed(commit, made, number, head=head, committed=committed)
            made.winners.append((append, logged))
            head = logged.end
    return made


def _placed(
    commit: Commit, made: Plan, number: Callable[[RootKey], int], *, head: int, committed: str
) -> LoggedCommit:
    """The commit at the head, and what the log is after it."""
    given: list[int] = []
    for at, event in enumerate(commit.events, start=head):
        key = (event.domain, event.root)
        made.numbers[key] = latest = number(key) + 1
        made.positions[event.domain] = at
        given.append(latest)
    logged = LoggedCommit(position=head, committed=committed, numbers=tuple(given), commit=commit)
    made.keys[commit.key] = logged
    return logged


def is_ahead(append: Append, prefix: Prefix) -> bool:
    """Whether it expects a root to have more events than the prefix knows of: then the prefix may be behind."""
    return any(prefix.number(key) < expected for key, expected in append.expect.roots.items())


def repeated(commit: Commit, first: LoggedCommit) -> Appended | KeyReused:
    """What a commit is answered whose key `first` has: what `first` was answered, if it is the same request.

    A commit that comes twice itself, with its id, is no repeat: whoever sent it did not hear that it was logged.
    """
    if error := reused(commit.fingerprint, first):
        return error
    return appended(first, repeated=commit.id != first.commit.id)


def reused(fingerprint: str, first: LoggedCommit) -> KeyReused | None:
    """The error when the key of `first` comes with the fingerprint of another request."""
    if fingerprint == first.commit.fingerprint:
        return None
    return KeyReused(
        "this idempotency key was used before, by another request",
        facts={
            "first": {"fingerprint": first.commit.fingerprint, "position": first.position, "committed": first.committed},
            "now": {"fingerprint": fingerprint},
        },
        help="use a new key for a new request, or repeat the first one unchanged",
    )
