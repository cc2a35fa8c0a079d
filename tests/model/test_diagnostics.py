"""Problems: how they are collected, told and shown."""

import pytest

from blossm.model.diagnostics import Findings, InvalidNetwork, Problem, Spot, did_you_mean, render
from blossm.model.network import Place


def test_a_problem_is_shown_with_its_line_a_caret_and_help() -> None:
    findings = Findings()
    findings.add(
        "B104", "unknown key `defualt`", Spot(Place("a/blossm.yaml", 3, 5), 7, "    defualt: red"), help="did you mean `default`?"
    )
    [problem] = findings.problems()
    assert render(problem).splitlines() == [
        "a/blossm.yaml:3:5: error[B104]: unknown key `defualt`",
        "      defualt: red",
        "      ^^^^^^^",
        "help: did you mean `default`?",
    ]


def test_a_problem_is_data_too() -> None:
    problem = Problem(code="B104", message="unknown key", place=Place("blossm.yaml", 3, 5), help="none")
    assert problem.as_dict() == {
        "code": "B104",
        "title": "an unknown key",
        "severity": "error",
        "message": "unknown key",
        "help": "none",
        "file": "blossm.yaml",
        "line": 3,
        "column": 5,
        "length": 1,
    }


def test_the_caret_stands_below_what_is_meant_after_tabs_and_at_the_end() -> None:
    tabs = Problem(code="B002", message="no", place=Place("a", 1, 2), snippet="\tkey: x", length=3)
    end = Problem(code="B002", message="no", place=Place("a", 1, 5), snippet="key:", length=9)
    assert render(tabs).splitlines()[2] == "  \t^^^"
    assert render(end).splitlines()[2] == "      ^"


def test_problems_come_once_and_in_the_order_of_the_files() -> None:
    findings = Findings()
    for file, line in (("b", 1), ("a", 10), ("a", 9), ("b", 1)):
        findings.add("B104", "no", Spot(Place(file, line, 1)))
    assert [str(problem.place) for problem in findings.problems()] == ["a:9:1", "a:10:1", "b:1:1"]


def test_a_value_that_could_not_be_read_has_no_second_problem() -> None:
    findings = Findings()
    findings.add("B006", "a tag", Spot(Place("a", 1, 1)))
    findings.add("B105", "a wrong type", Spot(Place("a", 1, 1)))
    assert [problem.code for problem in findings.problems()] == ["B006"]


def test_an_invalid_network_says_all_of_its_problems() -> None:
    problems = [Problem(code="B104", message=f"problem {n}", place=Place("a", n, 1)) for n in (1, 2)]
    assert str(InvalidNetwork(problems)) == "a:1:1: error[B104]: problem 1\n\na:2:1: error[B104]: problem 2"


@pytest.mark.parametrize(
    ("word", "known", "help"),
    [
        ("defualt", ["default", "in"], "did you mean `default`?"),
        ("paint", ["shop.bicycle.paint", "shop.bicycle.sell"], "did you mean `shop.bicycle.paint`?"),
        ("zebra", ["a", "b"], "known here: `a`, `b`"),
        ("zebra", [], ""),
        ("zebra", [f"word{n}" for n in range(50)], ""),
    ],
)
def test_what_was_meant_is_guessed_or_told(word: str, known: list[str], help: str) -> None:
    assert did_you_mean(word, known) == help
