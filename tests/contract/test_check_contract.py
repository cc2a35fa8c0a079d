"""`blossm check` on a network with a committed contract: where it points, what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.contract.networks import codes, commit, told, write

from blossm.cli.main import run
from blossm.model.load import load

STORE = """\
procedure: event-store
schema:
  color: string
  by: {type: object, properties: {name: string}}
  parts: [{type: object, properties: {size: integer}}]
actions:
  painted: {fields: [color]}
  sold: {fields: [by, parts]}
---
procedure: command
name: paint
payload:
  frame-color: string
response: {color: string}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = write(tmp_path, STORE)
    assert commit(root) == 0
    return root


def pointed_at(root: Path) -> set[tuple[str, str]]:
    """Codes, and what the carets point at."""
    return {
        (problem.code, problem.snippet[problem.place.column - 1 :][: problem.length])
        for problem in told(root)
        if problem.place.file == "blossm.yaml"
    }


@pytest.mark.parametrize(
    ("old", "new", "pointed"),
    [
        ("color: string\n  by", "color: integer\n  by", {("B703", "color")}),
        ("{name: string}", "{name: integer}", {("B703", "name")}),
        ("{name: string}", "{name: string, email: string}", {("B706", "email")}),
        ("{size: integer}", "{size: {type: integer, max: 9}}", {("B707", "size")}),
        ("{size: integer}", "{}", {("B708", "parts")}),
        ("frame-color: string", "frame-color: integer", {("B703", "frame-color")}),
        ("frame-color: string", "coats: {type: integer, optional: true}", {("B708", "payload")}),
        ("response: {color: string}", "response: {coats: integer}", {("B708", "response")}),
        ("response: {color: string}", "response: {color: {type: string, optional: true}}", {("B708", "color")}),
        ("response: {color: string}\n", "", {("B709", "procedure: command")}),
        ("  painted: {fields: [color]}\n", "", {("B709", "actions")}),
    ],
)
def test_it_points_at_the_field_or_what_is_left_around_it(old: str, new: str, pointed: set[tuple[str, str]], root: Path) -> None:
    assert STORE.replace(old, new, 1) != STORE
    write(root, STORE.replace(old, new, 1))
    assert pointed_at(root) == pointed


def test_what_is_gone_altogether_is_pointed_at_where_it_was_committed(root: Path) -> None:
    write(root, STORE.partition("---\n")[0])
    (problem,) = told(root)
    assert (problem.code, problem.place.file) == ("B709", "protos/shop/bicycle.proto")
    assert problem.snippet == "message PaintRequest {"


def test_a_network_without_a_committed_contract_is_held_to_nothing(tmp_path: Path) -> None:
    write(tmp_path, STORE)
    assert codes(tmp_path) == set()
    write(tmp_path, STORE.replace("color: string", "color: integer"))
    assert codes(tmp_path) == set()


def test_a_stale_contract_keeps_nobody_from_running_with_the_numbers_that_are_known(root: Path) -> None:
    write(root, STORE.replace("frame-color: string", "coats: {type: integer, optional: true}\n  frame-color: string"))
    assert codes(root) == {"B701"}
    assert load(root).numbers["shop.bicycle.PaintRequest"] == {"coats": 2, "frame_color": 1}


def test_a_contract_is_not_looked_at_while_its_fields_can_not_be_read(root: Path) -> None:
    write(root, STORE.replace("color: string", "color: strnig"))
    assert codes(root) == {"B108"}


def test_a_removed_action_that_a_projection_listens_to_is_told_with_both(root: Path) -> None:
    views = "procedure: view-store\nname: bicycles\nschema: {color: string}\n---\n"
    views += "procedure: projection\nname: bicycles\nevents: {shop.bicycle: [painted, sold]}\n"
    (root / "views").mkdir()
    (root / "views" / "blossm.yaml").write_text(views)
    (root / "views" / "bicycles.py").write_text("def painted(event): ...\n\n\ndef sold(event): ...\n")
    assert commit(root) == 0
    write(root, STORE.replace("  painted: {fields: [color]}\n", ""))
    assert codes(root) == {"B302", "B709"}


def test_against_an_earlier_copy_it_tells_what_was_accepted_since(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    earlier = write(tmp_path_factory.mktemp("earlier"), STORE)
    assert commit(earlier) == 0
    write(root, STORE.replace("color: string\n  by", "color: integer\n  by"))
    assert commit(root, "--breaking") == 0
    assert run(["check", str(root)]) == 0
    assert run(["check", str(root), "--against", str(earlier)]) == 1


def test_against_an_earlier_copy_numbers_that_were_swapped_by_hand_are_told(
    root: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    earlier = write(tmp_path_factory.mktemp("earlier"), STORE)
    assert commit(earlier) == 0
    proto = root / "protos/shop/bicycle.proto"
    message, rest = proto.read_text().split("message Sold {")
    rest = rest.replace("by = 1", "by = 0", 1).replace("parts = 2", "parts = 1", 1).replace("by = 0", "by = 2", 1)
    proto.write_text(f"{message}message Sold {{{rest}")
    assert codes(root) == set()
    capsys.readouterr()
    assert run(["check", str(root), "--against", str(earlier)]) == 1
    assert "error[B704]: `by` had the number 1, and has 2" in capsys.readouterr().out
