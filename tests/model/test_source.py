"""How blossm.yaml is read: what plain values are, and where everything stands."""

from pathlib import Path
from typing import Any

import pytest

from blossm.model.diagnostics import Findings, render
from blossm.model.source import Document, Source, documents, read_text


def read(text: str) -> tuple[list[Document], list[str]]:
    findings = Findings()
    found = list(documents(Source("blossm.yaml", text), findings))
    return found, [f"{problem.code} {problem.place}" for problem in findings.problems()]


def value(text: str) -> Any:
    [document], problems = read(f"value: {text}\n")
    assert problems == []
    return document.data["value"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NO", "NO"), ("yes", "yes"), ("on", "on"), ("1:30", "1:30"), ("012", "012"), ("-012", "-012"), ("00.5", "00.5"),
        ("2024-05-31", "2024-05-31"), ("1_000", "1_000"), ("=", "="), ("12e03x", "12e03x"), ("'5'", "5"), ("5", 5), ("-5", -5),
        ("+5", 5), ("0", 0), ("0.5", 0.5), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("0x1F", 31), ("0o17", 15), ("true", True),
        ("False", False), ("~", None), ("null", None), ("", None), ("!!str 5", "5"), ("!!int 5", 5), ("[a, 1]", ["a", 1]),
        ("{a: {b: c}}", {"a": {"b": "c"}}),
    ],
)  # fmt: skip
def test_a_plain_value_is_what_it_looks_like(text: str, expected: Any) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


def test_keys_that_other_readers_take_for_booleans_are_texts() -> None:
    [document], _ = read("on: 1\nNO: 2\n012: 3\n")
    assert list(document.data) == ["on", "NO", "012"]


def test_every_piece_of_a_document_knows_its_place() -> None:
    [_, document], _ = read("network: a.example\n---\nschema:\n  frame-color: {type: string, in: [red, green]}\n")
    assert str(document.key("schema", "frame_color").place) == "blossm.yaml:4:3"
    assert str(document.value("schema", "frame_color", "in", 1).place) == "blossm.yaml:4:41"
    assert document.value("schema", "frame_color", "in", 1).length == len("green")
    assert str(document.key("schema", "wheels").place) == "blossm.yaml:3:1"


def test_letters_are_counted_not_bytes() -> None:
    [document], _ = read("título: {ü: ß, a: b}\n")
    assert document.key("título", "a").place.column == 16


def test_empty_documents_are_passed_over() -> None:
    found, problems = read("---\n---\n# nothing\n---\nservice: shop\n---\n")
    assert [document.data for document in found] == [{"service": "shop"}]
    assert problems == []


def test_documents_before_a_syntax_error_are_read() -> None:
    found, problems = read("service: shop\n---\ndomain: [bicycle\n")
    assert [document.data for document in found] == [{"service": "shop"}]
    assert problems == ["B002 blossm.yaml:3:9"]


@pytest.mark.parametrize(
    "text",
    ["a: b: c\n", "a: [1, 2\n", "\tb: c\n", "a: 'b\n", "a: *b\n", "%YAML 9.9\n", "a: \x00\n", "a: \x07\n", "- a\nb: c\n"],
)
def test_what_is_not_yaml_is_told(text: str) -> None:
    assert [problem.split()[0] for problem in read(text)[1]] == ["B002"]


def bomb(levels: int, wide: int) -> str:
    lines = [f"a0: &a0 [{', '.join(['lol'] * wide)}]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * wide)}]" for level in range(1, levels)]
    return "\n".join(lines) + "\n"


BOMBS = [bomb(9, 10), bomb(30, 2), "a: &a [*a]\n", "a: &a {b: {c: *a}}\n", "a: " + "[" * 900 + "]" * 900, "a: " + "{a: " * 900]


@pytest.mark.parametrize("text", BOMBS)
def test_what_would_take_too_much_is_refused_at_once(text: str) -> None:
    assert [problem.split()[0] for problem in read(text)[1]] == ["B005"]


def test_nesting_in_blocks_is_bounded_too() -> None:
    text = "".join(f"{'  ' * depth}a:\n" for depth in range(3000))
    assert [problem.split()[0] for problem in read(text)[1]] == ["B005"]


def test_a_harmless_alias_is_expanded() -> None:
    [document], problems = read("a: &color {type: string}\nb: *color\n")
    assert document.data["b"] == {"type": "string"}
    assert problems == []


def test_a_mark_of_byte_order_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "blossm.yaml").write_bytes(b"\xef\xbb\xbfservice: shop\r\ndepends_on: [staff]\r\n")
    source = read_text(tmp_path / "blossm.yaml", "blossm.yaml", Findings())
    assert source is not None
    [document] = documents(source, Findings())
    assert document.data == {"service": "shop", "depends_on": ["staff"]}
    assert document.value("depends_on").snippet == "depends_on: [staff]"


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "blossm.yaml").write_text("# " + "x" * 1024 * 1024)
    findings = Findings()
    assert read_text(tmp_path / "blossm.yaml", "blossm.yaml", findings) is None
    assert [problem.code for problem in findings.problems()] == ["B005"]


def test_the_caret_stands_below_what_is_meant() -> None:
    findings = Findings()
    list(documents(Source("blossm.yaml", "a: 1\n\nb: {c: 1, c: 2}\n"), findings))
    assert [render(problem) for problem in findings.problems()] == [
        "blossm.yaml:3:11: error[B004]: the key `c` stands here twice\n  b: {c: 1, c: 2}\n            ^"
    ]
