"""Read sets: what one attempt of a command has read, so that its append can prove it is still true."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from blossm.core.commit import EventRef, RootKey


class Question(msgspec.Struct, frozen=True):
    """A `query_aggregates` with the roots and numbers that it answered.

    `head` is where it was asked (0: at the read set's). `own`: roots to which the asker itself has logged since, with
    the first and the last number that it logged. That may have brought them into the answer or taken them out, so of
    them an append only proves that nobody else has logged: not between the question and the first, nor after the last.
    """

    domain: str
    where: dict[str, Any]
    answer: dict[str, int]  # root → number
    head: int = 0
    own: dict[str, tuple[int, int]] = {}

    def moved(self, root: str, first: int, last: int) -> Question:
        """The question when the asker has logged `first` to `last` of a root."""
        begun, known = self.own.get(root) or (first, self.answer.get(root, first - 1))
        if known != first - 1:  # somebody else's event lies between: the old number stands, and the append will fail
            return self
        return msgspec.structs.replace(self, own=self.own | {root: (begun, last)})


class ReadSet(msgspec.Struct, frozen=True):
    """What was read of one service's log, all of it at one `head` (0: nothing read yet)."""

    service: str = ""
    head: int = 0
    roots: dict[RootKey, int] = {}
    questions: tuple[Question, ...] = ()

    def with_root(self, domain: str, root: str, number: int, *, head: int) -> ReadSet:
        """Also a root. The first reading of a root stands: a later one can't make it newer."""
        roots = {(domain, root): number} | self.roots
        return msgspec.structs.replace(self, head=self.head or head, roots=roots)

    def with_question(self, question: Question, *, head: int) -> ReadSet:
        """Also a question with its answer."""
        question = msgspec.structs.replace(question, head=question.head or head)
        return msgspec.structs.replace(self, head=self.head or head, questions=(*self.questions, question))

    def merged(self, other: ReadSet) -> ReadSet:
        """Also what a fact of the same service has read at the same head."""
        return msgspec.structs.replace(
            self,
            head=self.head or other.head,
            roots=other.roots | self.roots,
            questions=self.questions + other.questions,
        )

    def moved(self, logged: Iterable[EventRef]) -> ReadSet:
        """What was read, after the reader itself has logged these events: it does not conflict with itself.

        Its next readings are at the head after them. A root that somebody else has moved too keeps its old number, so
        that the next append with it is a Conflict.
        """
        numbers: dict[RootKey, list[int]] = {}
        head = self.head
        for event in logged:
            head = max(head, event.position + 1)
            numbers.setdefault((event.domain, event.root), []).append(event.number)
        roots = dict(self.roots)
        questions = self.questions
        for (domain, root), own in numbers.items():
            first, last = min(own), max(own)
            if last - first + 1 != len(own):
                continue
            if roots.get((domain, root)) == first - 1:
                roots[domain, root] = last
            questions = tuple(
                question.moved(root, first, last) if question.domain == domain else question for question in questions
            )
        return msgspec.structs.replace(self, head=head, roots=roots, questions=questions)


NO_READS = ReadSet()
