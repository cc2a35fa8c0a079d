"""What was read of a log, and what must still be true of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from blossm.core.commit import Expectation, RootKey
from blossm.core.errors import BadRequest, FieldProblem
from blossm.core.read_set import Question, ReadSet
from blossm.rpc.envelope.json_text import jsons_from_wire, jsons_to_wire
from blossm.rpc.v1 import event_pb2 as pb


def reads_to_wire(reads: ReadSet) -> dict[str, Any]:
    return {
        "service": reads.service,
        "head": reads.head,
        "roots": _roots_to_wire(reads.roots),
        "questions": [_question_to_wire(question) for question in reads.questions],
    }


def reads_from_wire(message: pb.ReadSet, *, at: str = "") -> ReadSet:
    if at:
        _check("what was read is off", _problems_of_reads(message, at=at))
    return ReadSet(
        message.service,
        message.head,
        _roots_from_wire(message.roots),
        tuple(_question_from_wire(each, at=at and f"{at}.questions[{index}]") for index, each in enumerate(message.questions)),
    )


def expectation_to_wire(expect: Expectation) -> dict[str, Any]:
    return {"roots": _roots_to_wire(expect.roots), "quiet": expect.quiet}


def expectation_from_wire(message: pb.Expectation, *, at: str = "") -> Expectation:
    if at:
        problems = [*_problems_of_roots(message.roots, at=f"{at}.roots"), *_negative(message.quiet, at=f"{at}.quiet")]
        _check("what is expected is off", problems)
    return Expectation(_roots_from_wire(message.roots), dict(message.quiet))


def _roots_to_wire(roots: Mapping[RootKey, int]) -> list[dict[str, Any]]:
    return [{"domain": domain, "root": root, "number": number} for (domain, root), number in roots.items()]


def _roots_from_wire(messages: Iterable[pb.RootNumber]) -> dict[RootKey, int]:
    return {(each.domain, each.root): each.number for each in messages}


def _question_to_wire(question: Question) -> dict[str, Any]:
    return {
        "domain": question.domain,
        "where": jsons_to_wire(question.where),
        "answer": question.answer,
        "head": question.head,
        "own": {root: {"first": first, "last": last} for root, (first, last) in question.own.items()},
    }


def _question_from_wire(message: pb.Question, *, at: str = "") -> Question:
    return Question(
        message.domain,
        jsons_from_wire(message.where, at=at and f"{at}.where"),
        dict(message.answer),
        message.head,
        {root: (each.first, each.last) for root, each in message.own.items()},
    )


# ---------------------------------------------------------------- what a foreign hand may have written


def _check(message: str, problems: list[FieldProblem]) -> None:
    if problems:
        raise BadRequest(message, fields=problems)


def _problems_of_reads(message: pb.ReadSet, *, at: str) -> list[FieldProblem]:
    problems = [FieldProblem(f"{at}.head", "must be 0 or more")] if message.head < 0 else []
    problems += _problems_of_roots(message.roots, at=f"{at}.roots")
    for index, question in enumerate(message.questions):
        here = f"{at}.questions[{index}]"
        if question.head < 0 or not (question.head or message.head):
            problems.append(FieldProblem(f"{here}.head", "must be the head at which it was asked, if the read set has none"))
        problems += _negative(question.answer, at=f"{here}.answer")
        problems += [
            FieldProblem(f"{here}.own.{root}", "must go from a number of 1 or more to one that is not before it")
            for root, own in question.own.items()
            if not 1 <= own.first <= own.last
        ]
    return problems


def _problems_of_roots(messages: Iterable[pb.RootNumber], *, at: str) -> list[FieldProblem]:
    problems: list[FieldProblem] = []
    seen: dict[RootKey, int] = {}
    for index, each in enumerate(messages):
        if each.number < 0:
            problems.append(FieldProblem(f"{at}[{index}].number", "must be 0 or more"))
        if seen.setdefault((each.domain, each.root), each.number) != each.number:
            problems.append(FieldProblem(f"{at}[{index}].number", "is another one than before, of the same root"))
    return problems


def _negative(numbers: Mapping[str, int], *, at: str) -> list[FieldProblem]:
    return [FieldProblem(f"{at}.{name}", "must be 0 or more") for name, number in numbers.items() if number < 0]
