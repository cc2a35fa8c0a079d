"""What an event store lets in: commits whose events fit their domain and action, complete and in one spelling.

All that is off is named at once, before anything is queued: nothing of the commit is logged, and no other is touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec

from blossm.core.commit import MAX_EVENTS, MAX_NAME, Commit, Expectation, NewEvent, RootKey, too_many_events
from blossm.core.errors import BadRequest, FieldProblem
from blossm.core.payload import MAX_PROBLEMS, Contract
from blossm.core.plain_json import is_plain, unplain
from blossm.core.read_set import Question, ReadSet
from blossm.core.root import is_root
from blossm.model.network import EventStoreSpec


class Intake:
    """Checks commits against the event stores of one service."""

    def __init__(self, *, service: str, stores: Mapping[str, EventStoreSpec]) -> None:
        self._service = service
        self._stores = dict(stores)
        self._contracts = {
            (domain, name): Contract.of(action.payload, at="payload")
            for domain, store in stores.items()
            for name, action in store.actions.items()
        }

    def commit(self, commit: Commit) -> Commit:
        """The commit as it is logged. Raises BadRequest, which names every field that is off."""
        if len(commit.events) > MAX_EVENTS:
            raise too_many_events(len(commit.events))
        _refuse("the commit is off", _problems_around(commit))
        return msgspec.structs.replace(commit, events=self.taken(commit.events))

    def taken(self, events: Sequence[NewEvent]) -> tuple[NewEvent, ...]:
        """The events as they are logged. Raises BadRequest, which names every field that is off."""
        taken: list[NewEvent] = []
        problems: list[FieldProblem] = []
        for index, event in enumerate(events):
            at = f"events[{index}]"
            if off := list(self._problems(event)):
                problems += [FieldProblem(f"{at}.{path}", problem) for path, problem in off]
                continue
            try:
                payload = self._contracts[event.domain, event.action].take(event.payload)
            except BadRequest as error:
                problems += [FieldProblem(f"{at}.{field.path}", field.problem) for field in error.fields]
                continue
            taken.append(msgspec.structs.replace(event, payload=payload))
        _refuse("the events do not fit their event stores", problems)
        return tuple(taken)

    def check_expected(self, reads: ReadSet, expect: Expectation) -> None:
        """Raises BadRequest for what no log of this service can ever keep: no promise crosses a log."""
        if reads.service not in ("", self._service):
            raise BadRequest(f"what was read is of {reads.service}, and {self._service} can't promise anything about it")
        _refuse("what was read or expected is off", self._problems_of(reads, expect))

    def _problems(self, event: NewEvent) -> Iterator[tuple[str, str]]:
        """What is off about an event but its payload."""
        if not is_root(event.root):
            yield "root", "must be a UUID in lower case"
        store = self._stores.get(event.domain)
        if store is None:
            yield "domain", self._no_domain(event.domain)
            return
        if store.retired:
            yield "domain", f"the event store of {event.domain} is retired and takes no events"
        action = store.actions.get(event.action)
        if action is None:
            asked = event.action or '""'
            yield "action", f"{event.domain} has no action {asked}; it has {', '.join(store.actions) or 'none'}"
        elif event.version != action.version:
            yield "version", f"must be {action.version}, the version of {event.action}"

    def _problems_of(self, reads: ReadSet, expect: Expectation) -> Iterator[FieldProblem]:
        yield from self._problems_of_roots(expect.roots, at="expect.roots")
        for domain, position in expect.quiet.items():
            yield from self._strange(domain, at=f"expect.quiet.{domain}")
            if position < 1:
                yield FieldProblem(f"expect.quiet.{domain}", "must be 1 or more")
        if reads.head < 0:
            yield FieldProblem("reads.head", "must be 0 or more")
        yield from self._problems_of_roots(reads.roots, at="reads.roots")
        for index, question in enumerate(reads.questions):
            yield from self._problems_of_question(question, at=f"reads.questions[{index}]")

    def _problems_of_roots(self, roots: Mapping[RootKey, int], *, at: str) -> Iterator[FieldProblem]:
        for index, ((domain, root), number) in enumerate(roots.items()):
            yield from self._strange(domain, at=f"{at}[{index}].domain")
            if not is_root(root):
                yield FieldProblem(f"{at}[{index}].root", "must be a UUID in lower case")
            if number < 0:
                yield FieldProblem(f"{at}[{index}].number", "must be 0 or more")

    def _problems_of_question(self, question: Question, *, at: str) -> Iterator[FieldProblem]:
        yield from self._strange(question.domain, at=f"{at}.domain")
        if question.head < 0:
            yield FieldProblem(f"{at}.head", "must be 0 or more")
        for word, roots in (("answer", question.answer), ("own", question.own)):
            if not all(map(is_root, roots)):
                yield FieldProblem(f"{at}.{word}", "must be by roots: UUIDs in lower case")
        if any(number < 0 for number in question.answer.values()):
            yield FieldProblem(f"{at}.answer", "must have numbers of 0 or more")
        if not all(1 <= first <= last for first, last in question.own.values()):
            yield FieldProblem(f"{at}.own", "must go from a number of 1 or more to one that is not before it")

    def _strange(self, domain: str, *, at: str) -> Iterator[FieldProblem]:
        """A domain of another service, or of none."""
        if domain not in self._stores:
            yield FieldProblem(at, self._no_domain(domain))

    def _no_domain(self, domain: str) -> str:
        asked = domain or '""'
        return f"the service {self._service} has no domain {asked}"


def _problems_around(commit: Commit) -> list[FieldProblem]:
    """What is off about a commit but its events."""
    named = (("id", commit.id), ("key", commit.key), ("fingerprint", commit.fingerprint or "none"))
    problems = [FieldProblem(name, problem) for name, text in named if (problem := _name_problem(text))]
    if commit.reply.response is not None:
        problems += _unplain(commit.reply.response, at="reply.response")
    if commit.tx.claims:
        problems += _unplain(commit.tx.claims, at="tx.claims")
    for index, later in enumerate(commit.later):
        problems += _unplain(later.payload, at=f"later[{index}].payload")
    return problems


def _name_problem(text: str) -> str:
    if not text:
        return "is required"
    if len(text) > MAX_NAME:
        return f"may have {MAX_NAME} characters, this one has {len(text)}"
    return "" if is_plain(text) else "is not UTF-8 (a lone surrogate)"


def _unplain(value: Any, *, at: str) -> Iterable[FieldProblem]:
    return () if is_plain(value) else unplain(value, at=at)


def _refuse(message: str, problems: Iterable[FieldProblem]) -> None:
    """Raises BadRequest where there are problems, with as many of them as anybody reads."""
    if found := list(islice(problems, MAX_PROBLEMS + 1)):
        more = {"more": "there are more"} if len(found) > MAX_PROBLEMS else {}
        raise BadRequest(message, fields=found[:MAX_PROBLEMS], facts=more)
