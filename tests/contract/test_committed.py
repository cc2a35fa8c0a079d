"""Committed files that somebody has changed: a place, a reason and what to do, whatever is in them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from tests.contract.networks import commit, write

from blossm.model.contract.committed import committed
from blossm.model.contract.proto_syntax import declared
from blossm.model.contract.proto_tokens import NotAContract
from blossm.model.contract.understanding import Understood
from blossm.model.diagnostics import Findings, InvalidNetwork, Problem
from blossm.model.load import check, load

YAML = """\
procedure: event-store
schema:
  color: {type: string, in: [red, blue]}
  by: {type: object, properties: {name: string}, optional: true}
  notes: {type: [string], optional: true}
actions: {painted: {}}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = write(tmp_path, YAML)
    assert commit(root) == 0
    return root


def proto(root: Path) -> Path:
    return root / "protos" / "shop" / "bicycle.proto"


def told_of(root: Path, text: str | bytes) -> Problem:
    """The one problem of a network with this file."""
    proto(root).write_bytes(text.encode() if isinstance(text, str) else text)
    (problem,) = check(root)
    with pytest.raises(InvalidNetwork) as raised:
        load(root)
    assert raised.value.problems == (problem,)
    return problem


def place(problem: Problem) -> tuple[str, int, int]:
    return problem.code, problem.place.line, problem.place.column


def edited(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


EDITS: dict[str, tuple[Callable[[str], str], int, int]] = {
    "a semicolon is missing": (edited("package shop.bicycle;", "package shop.bicycle"), 6, 1),
    "a type of another language": (edited("optional string color", "optional varchar color"), 20, 20),
    "a scalar that is not written": (edited("optional string color", "optional int32 color"), 20, 18),
    "a number that protobuf keeps": (edited("color = 1", "color = 19001"), 20, 27),
    "no number": (edited("color = 1", "color = 0"), 20, 27),
    "a number too large": (edited("color = 1", "color = 536870912"), 20, 27),
    "an octal number that is none": (edited("color = 1", "color = 08"), 20, 27),
    "rules that are no JSON": (edited('{"enum"', '{enum"'), 20, 54),
    "rules that are no rules": (edited('{"enum":["red","blue"]}', '{"enum":3}'), 20, 54),
    "an enum": (edited("message Painted {", "message Painted {\n  enum Color { RED = 0; }"), 10, 3),
    "a service": (lambda text: text + "service Painter {}\n", 0, 1),
    "a message twice": (lambda text: text + "message Painted {}\n", 0, 9),
    "a reserved name in use": (edited("  message By", '  reserved "color";\n  message By'), 0, 0),
    "all numbers reserved": (edited("  message By", "  reserved 4 to max;\n  message By"), 0, 17),
    "a range that goes down": (edited("  message By", "  reserved 9 to 4;\n  message By"), 0, 17),
    "half of it": (lambda text: text[: text.index("repeated")], 0, 0),
    "another syntax": (edited('"proto3"', '"proto2"'), 2, 10),
    "a name in JSON of its own": (edited("color = 1 [", 'color = 1 [json_name = "colour", '), 20, 42),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_by_hand_is_told_with_its_place(name: str, root: Path) -> None:
    edit, line, column = EDITS[name]
    before = proto(root).read_text()
    assert edit(before) != before
    problem = told_of(root, edit(before))
    assert problem.code == "B702"
    assert problem.place.file == "protos/shop/bicycle.proto"
    assert line in (0, problem.place.line)
    assert column in (0, problem.place.column)
    assert "version control" in problem.help


def test_a_copy_of_a_file_elsewhere_is_told_to_be_one(root: Path) -> None:
    copy = root / "protos/old/bicycle.proto"
    copy.parent.mkdir()
    copy.write_text(proto(root).read_text())
    (problem,) = check(root)
    assert (problem.code, problem.place.file) == ("B702", "protos/old/bicycle.proto")
    assert "`shop/bicycle.proto`" in problem.message
    assert problem.help.startswith("a copy")


@pytest.mark.parametrize(
    ("old", "new", "line", "column"),
    [("color = 1", "color = 2", 21, 11), ("  message By", "  reserved 1;\n  message By", 21, 27)],
)
def test_a_number_that_stands_for_two_things_comes_of_a_merge(old: str, new: str, line: int, column: int, root: Path) -> None:
    """Git sees no conflict where the two lines are not next to each other."""
    problem = told_of(root, proto(root).read_text().replace(old, new, 1))
    assert place(problem) == ("B702", line, column)
    assert problem.help.startswith("as of two branches")


def test_a_merge_that_is_not_settled_is_told_as_one(root: Path) -> None:
    text = proto(root).read_text().replace("  message By", "<<<<<<< HEAD\n  message By", 1)
    problem = told_of(root, text)
    assert problem.snippet == "<<<<<<< HEAD"
    assert problem.help.startswith("settle the merge")


HEAD = b"// Generated by `blossm proto` from blossm.yaml: edit that, not this.\n"
DEEP = b'syntax = "proto3"; package shop.bicycle;' + b"message A {" * 100_000
LONG = b'syntax = "proto3"; package shop.bicycle; message A { string ' + b"a" * 5_000_000
HOSTILE = {
    "nothing else": b"",
    "not UTF-8": b"\xff\xfe",
    "binary": bytes(range(256)) * 99,
    "deep": DEEP,
    "a long word": LONG,
    "a text without an end": b'syntax = "' + b"\\" * 1_000_001,
    "a comment without an end": b"/*" + b"*" * 1_000_000,
    "deep rules": b'syntax = "proto3"; package shop.bicycle; message A { optional string a = 1 [(blossm.rpc.v1.rules) = \''
    + b"[" * 100_000
    + b"'];}",
    "deep rules of items": b'syntax = "proto3"; package shop.bicycle; message A {'
    + b" repeated string a = 1 [(blossm.rpc.v1.rules) = '"
    + b'{"items":' * 600
    + b"1"
    + b"}" * 600
    + b"'];}",
    "a long number": b'syntax = "proto3"; package shop.bicycle; message A { optional string a = ' + b"9" * 1_000_000 + b";}",
    "an escape that is no character": b'syntax = "\\U00110000";',
    "bytes that are no text": b'syntax = "\\xff";',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_a_problem_like_any_other(name: str, root: Path) -> None:
    problem = told_of(root, HEAD + HOSTILE[name])
    assert problem.code == "B702"
    assert len(problem.message) < 200
    assert len(problem.snippet) <= 400


def test_a_file_beyond_all_measure_is_not_read(root: Path) -> None:
    assert told_of(root, HEAD + b" " * 16 * 1024 * 1024).message == "this file is larger than 16 MiB"


def test_a_file_of_somebody_else_is_not_looked_at(root: Path) -> None:
    (root / "protos" / "mine.proto").write_bytes(b"\xff")
    assert check(root) == []


def test_a_file_in_the_way_that_nobody_generated_is_told(root: Path) -> None:
    proto(root).write_text("// Mine.\n")
    assert [place(problem) for problem in check(root)] == [("B702", 1, 1)]


def test_a_folder_named_like_a_file_is_told(root: Path) -> None:
    proto(root).unlink()
    proto(root).mkdir()
    assert [place(problem) for problem in check(root)] == [("B702", 1, 1)]


def test_the_order_of_spaces_and_comments_means_nothing(root: Path) -> None:
    findings = Findings()
    before = committed(root / "protos", "protos", findings)
    proto(root).write_text(proto(root).read_text().replace(" = ", "/* is */=\n\t"))
    after = committed(root / "protos", "protos", findings)
    assert before
    assert after
    assert after.files == before.files
    assert findings.problems() == []


def test_lines_may_end_as_version_control_writes_them(root: Path) -> None:
    proto(root).write_bytes(proto(root).read_bytes().replace(b"\n", b"\r\n"))
    assert check(root) == []
    assert commit(root, "--check") == 0


def test_a_mark_that_an_editor_put_before_the_text_means_nothing(root: Path) -> None:
    proto(root).write_bytes(b"\xef\xbb\xbf" + proto(root).read_bytes())
    assert check(root) == []
    assert commit(root, "--check") == 0


@pytest.mark.parametrize(
    ("odd", "make"),
    [
        ("protos", lambda path: path.write_text("mine")),
        ("protos", lambda path: path.symlink_to("nowhere")),
        ("protos/shop", lambda path: path.write_text("mine")),
        ("protos/shop", lambda path: path.symlink_to("nowhere")),
        ("protos/blossm/rpc", lambda path: path.write_text("mine")),
        ("protos/blossm/rpc/v1/event.proto", lambda path: path.mkdir()),
    ],
)
def test_what_lies_where_a_folder_or_file_is_to_be_is_told_with_its_place(
    odd: str, make: Callable[[Path], object], root: Path
) -> None:
    (shutil.rmtree if (root / odd).is_dir() else os.unlink)(root / odd)
    make(root / odd)
    assert [(problem.code, problem.place.file) for problem in check(root)] == [("B702", odd)]
    assert commit(root) == commit(root, "--check") == 1


def test_a_folder_that_can_not_be_read_is_told_and_not_taken_for_an_empty_one(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = Path.iterdir

    def closed(folder: Path) -> Iterator[Path]:
        if folder == root / "protos/shop":
            raise PermissionError(13, "Permission denied")
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", closed)
    assert ("B702", "protos/shop") in [(problem.code, problem.place.file) for problem in check(root)]


def test_a_folder_may_be_a_link_to_another(root: Path) -> None:
    (root / "protos/shop").rename(root / "elsewhere")
    (root / "protos/shop").symlink_to(root / "elsewhere")
    assert check(root) == []
    assert commit(root, "--check") == 0


def test_a_service_may_be_called_like_the_platform(tmp_path: Path) -> None:
    yaml = (write(tmp_path, YAML) / "blossm.yaml").read_text()
    (tmp_path / "blossm.yaml").write_text(yaml.replace("service: shop", "service: blossm"))
    assert commit(tmp_path) == 0
    assert check(tmp_path) == []
    assert load(tmp_path).numbers["blossm.bicycle.Painted"]["color"] == 1


def test_a_network_without_protos_has_no_committed_contract(tmp_path: Path) -> None:
    write(tmp_path, YAML)
    (tmp_path / "protos").mkdir()
    assert committed(tmp_path / "protos", "protos", Findings()) is None
    assert check(tmp_path) == []


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_change_to_a_file_is_read_or_refused(data: st.DataObject) -> None:
    text = (Path(__file__).parents[2] / "examples/bicycle_city/protos/shop/bicycle.proto").read_text()
    at = data.draw(st.integers(0, len(text)))
    until = data.draw(st.integers(at, min(len(text), at + 40)))
    changed = text[:at] + data.draw(st.text(max_size=9) | st.sampled_from(list("{}[]<>'\"\\;=,/*"))) + text[until:]
    assert 0 <= refused_at(changed) <= len(changed)


def refused_at(text: str) -> int:
    """Where a file is refused; 0 where it is not."""
    try:
        Understood(declared(text), "shop/bicycle.proto").file()
    except NotAContract as error:
        return error.at
    return 0
