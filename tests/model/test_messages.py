"""What somebody is told who writes a network for the first time: one problem for one mistake, and what to do about it."""

from pathlib import Path

import pytest
from tests.model.conftest import Write

from blossm.model.diagnostics import Problem
from blossm.model.load import check

HEADERS = "network: city.example\n---\nservice: shop\n---\ndomain: bicycle\n"
STORE = "---\nprocedure: event-store\nschema: {color: string, at: timestamp}\nactions: [painted]\n"
PAINT = "---\nprocedure: command\nname: paint\n"
COMMANDS = "async def paint(command): ...\n"
VIEW = "---\nprocedure: view-store\nname: bicycles\nschema: {color: string}\n"
PROJECTION = "---\nprocedure: projection\nname: bicycles\nevents: {shop.bicycle: [painted]}\n"


def only(folder: Path) -> Problem:
    [problem] = check(folder)
    return problem


def helped(write: Write, text: str, **modules: str) -> tuple[str, str]:
    """The code and help of the one problem in a network in one file."""
    files = {f"{name}.py": code for name, code in modules.items()}
    problem = only(write({"blossm.yaml": HEADERS + text, "commands.py": COMMANDS, **files}))
    return problem.code, problem.help


def test_two_procedures_without_a_line_between_them_are_one_problem(write: Write) -> None:
    code, help = helped(write, STORE + PAINT.removeprefix("---\n"))
    assert (code, help) == ("B004", "a document defines one procedure: put `---` before the second one")


@pytest.mark.parametrize(
    ("text", "line", "help"),
    [
        ("  schema: {a: string}\n", 9, "is this line indented like the lines around it?"),
        ("root:required\npayload: {}\n", 9, "a key is followed by a colon and a space: `name: paint`"),
        ("payload: {color: string\n---\nprocedure: fact\n", 9, "it is not closed, or a comma is missing"),
        ("payload: [color\n", 9, "it is not closed, or a comma is missing"),
    ],
)
def test_what_is_no_yaml_is_told_where_it_begins(write: Write, text: str, line: int, help: str) -> None:
    problem = only(write({"blossm.yaml": HEADERS + PAINT + text, "commands.py": COMMANDS}))
    assert (problem.code, problem.place.line, problem.help) == ("B002", line, help)


@pytest.mark.parametrize(
    ("text", "help"),
    [
        (VIEW + "sorts: [color]\n", "write `[{color: asc}]`"),
        (VIEW + "indexes: [color]\n", "write `[color]`"),
        (STORE + "indexes: [[color]]\n", "write `color`"),
        (PAINT + "payload: [color]\n", "write `{color: string}`"),
        (STORE.replace("[painted]", "{painted: [color]}"), "write `{fields: [color]}`"),
        (STORE.replace("[painted]", "painted"), "write `[painted]`"),
        (PROJECTION.replace("{shop.bicycle: [painted]}", "[shop.bicycle]") + VIEW, "write `{shop.bicycle: [painted]}`"),
    ],
)
def test_the_other_form_of_a_value_is_shown(write: Write, text: str, help: str) -> None:
    code, told = helped(write, text, bicycles="def painted(event): ...\n")
    assert (code, told) == ("B105", help)


@pytest.mark.parametrize(
    ("attribute", "help"),
    [
        ("required: true", "a field is required unless it says `optional: true`"),
        ("nullable: true", "a field that may be absent says `optional: true`"),
        ("enum: [red]", "the values that are allowed are `in`"),
        ("minimum: 1", "did you mean `min`?"),
        ("items: string", "a list is written with the type of its items: `[string]`"),
    ],
)
def test_an_attribute_of_another_language_is_known(write: Write, attribute: str, help: str) -> None:
    assert helped(write, PAINT + f"payload: {{color: {{type: string, {attribute}}}}}\n") == ("B104", help)


@pytest.mark.parametrize(
    ("word", "help"),
    [
        ("int", "did you mean `integer`?"),
        ("bool", "did you mean `boolean`?"),
        ("str", "did you mean `string`?"),
        ("text", "did you mean `string`?"),
        ("float", "did you mean `number`?"),
        ("datetime", "did you mean `timestamp`?"),
        ("any", "did you mean `json`?"),
        ("list", "a list is written with the type of its items: `[string]`"),
        ("array", "a list is written with the type of its items: `[string]`"),
    ],
)
def test_a_type_of_another_language_is_known(write: Write, word: str, help: str) -> None:
    assert helped(write, PAINT + f"payload: {{color: {word}}}\n") == ("B108", help)


def test_a_word_that_is_near_to_nothing_is_not_taken_for_another(write: Write) -> None:
    assert "did you mean" not in helped(write, PAINT + "payload: {who: person}\n")[1]


def test_a_handler_that_can_not_be_followed_is_one_problem(write: Write) -> None:
    text = "---\nprocedure: command\nname: sell\nhandler: {}\n"
    assert helped(write, text.format("commands.paint")) == ("B206", "`paint.py`, or `paint.py:function`")
    assert helped(write, text.format("../paint.py:paint"))[0] == "B206"


def test_a_schedule_for_what_needs_a_root_says_which_root_would_do(write: Write) -> None:
    code, help = helped(write, PAINT + 'root: required\nschedule: "0 5 * * *"\n')
    assert (code, help) == ("B106", "say `root: none` or `root: new`, or let another command call this one")


def test_an_unknown_event_store_asks_for_no_functions(write: Write) -> None:
    text = STORE + VIEW + PROJECTION.replace("shop.bicycle", "shop.bycicle")
    assert helped(write, text, bicycles="") == ("B301", "did you mean `shop.bicycle`?")


def test_an_issuer_is_missed_where_there_is_none(write: Write) -> None:
    text = STORE + PAINT + "---\nprocedure: command-gateway\ncommands: {paint: {access: optional, issuer: access}}\n"
    assert helped(write, text) == ("B403", "the network's header names none: `auth: {issuers: [{name, issuer, jwks}]}`")


def test_a_network_header_that_is_not_there_is_one_problem(write: Write) -> None:
    text = "title: City\ntypes: {color: string}\n---\nservice: shop\n---\ndomain: bicycle\n" + PAINT + "payload: {color: color}\n"
    text += "---\nprocedure: command-gateway\ncommands: {paint: {access: signed_in, issuer: access}}\n"
    assert only(write({"blossm.yaml": text, "commands.py": COMMANDS})).code == "B101"


def test_a_procedure_without_a_domain_is_not_missed_elsewhere_too(write: Write) -> None:
    text = "network: city.example\n---\nservice: shop\n" + PAINT
    other = "domain: wheel\n---\nprocedure: command\nname: turn\ncalls: [shop.bicycle.paint]\nhandler: ../commands.py:paint\n"
    problem = only(write({"blossm.yaml": text, "wheel/blossm.yaml": other, "commands.py": COMMANDS}))
    assert problem.code == "B124"


def test_a_file_with_the_other_ending_is_not_passed_over_in_silence(write: Write) -> None:
    problem = only(write({"blossm.yaml": HEADERS + STORE, "wheel/blossm.yml": "domain: wheel\n"}))
    assert (problem.code, problem.place.file, problem.help) == ("B003", "wheel/blossm.yml", "rename it: `blossm.yaml`")


@pytest.mark.parametrize(
    ("commands", "help"),
    [
        ("async def paint(command, payload): ...\n", "write `async def paint(command)`"),
        ("async def paint(): ...\n", "write `async def paint(command)`"),
        ("async def paint(command):\n    yield 1\n", "write `async def paint(command)`, and return a list of events"),
        ("def paint(command): ...\nasync def normalize_paint(payload): ...\n", "write `def normalize_paint(payload)`"),
    ],
)
def test_a_function_that_can_not_be_called_so_is_told_before_it_runs(write: Write, commands: str, help: str) -> None:
    assert helped(write, STORE + PAINT, commands=commands) == ("B206", help)


@pytest.mark.parametrize(
    "commands",
    [
        "def paint(command, extra=None): ...\n",
        "def paint(*all): ...\n",
        "@anything\ndef paint(one, two): ...\n",
        "paint = print\n",
    ],
)
def test_a_function_that_may_be_called_so_is_left_alone(write: Write, commands: str) -> None:
    assert check(write({"blossm.yaml": HEADERS + STORE + PAINT, "commands.py": commands})) == []


@pytest.mark.parametrize(
    ("events", "help"),
    [
        ("def painted(event): ...\n", "write `def painted(state, event)`"),
        ("async def painted(state, event): ...\n", "write `def painted(state, event)`"),
    ],
)
def test_a_fold_that_can_not_be_called_so_is_told_before_it_runs(write: Write, events: str, help: str) -> None:
    assert helped(write, STORE, events=events) == ("B206", help)
