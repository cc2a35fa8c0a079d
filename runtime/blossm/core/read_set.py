"""Read sets: what one attempt of a command has read, so that its append can prove it is still true."""

from __future__ import annotations

from typing import Any

import msgspec

from blossm.core.commit import RootKey


class Question(msgspec.Struct, frozen=True):
    """A `query_aggregates` with the roots and numbers that it answered."""

    domain: str
    where: dict[str, Any]
    answer: dict[str, int]  # root → number


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
        return msgspec.structs.replace(self, head=self.head or head, questions=(*self.questions, question))

    def merged(self, other: ReadSet) -> ReadSet:
        """Also what a fact of the same service has read at the same head."""
        return msgspec.structs.replace(
            self,
            head=self.head or other.head,
            roots=other.roots | self.roots,
            questions=self.questions + other.questions,
        )


NO_READS = ReadSet()
