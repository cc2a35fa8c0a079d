"""`blossm proto`: what it writes, keeps, removes and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.contract.networks import codes, commit, write

from blossm.cli.main import run
from blossm.model.contract.shipped import platform_files
from blossm.model.load import check, load

STORE = """\
procedure: event-store
schema: {color: string, coats: {type: integer, optional: true}}
actions:
  painted: {fields: [color, coats]}
  sold: {fields: [color]}
"""
WITHOUT_COATS = STORE.replace(", coats: {type: integer, optional: true}", "").replace("color, coats", "color")
RETYPED = STORE.replace("color: string", "color: integer")
BICYCLE = "protos/shop/bicycle.proto"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = write(tmp_path, STORE)
    assert commit(root) == 0
    return root


def test_it_writes_the_network_and_the_platform(root: Path) -> None:
    written = {path.relative_to(root / "protos").as_posix() for path in root.glob("protos/**/*") if path.is_file()}
    assert written == {"shop/bicycle.proto", "buf.yaml", *platform_files()}
    assert (root / "protos/blossm/rpc/v1/contract.proto").read_text() == platform_files()["blossm/rpc/v1/contract.proto"]


def test_the_platforms_files_are_those_of_the_repository() -> None:
    folder = Path(__file__).parents[2] / "protos"
    assert platform_files() == {
        path.relative_to(folder).as_posix(): path.read_text() for path in folder.glob("blossm/**/*.proto")
    }


def test_it_finds_the_network_from_a_folder_within(root: Path) -> None:
    (root / "deep").mkdir()
    assert commit(root / "deep") == 0
    assert not (root / "deep" / "protos").exists()


def test_a_second_time_it_leaves_everything(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in root.glob("protos/**/*")}
    capsys.readouterr()
    assert commit(root) == 0
    assert capsys.readouterr().out == ""
    assert {path: path.stat().st_mtime_ns for path in root.glob("protos/**/*")} == before


def test_a_removed_field_leaves_its_number_and_name_behind(root: Path) -> None:
    write(root, WITHOUT_COATS)
    assert commit(root) == 0
    text = (root / BICYCLE).read_text()
    assert 'reserved 2;\n  reserved "coats";' in text
    write(root, STORE.replace("coats", "layers"))
    assert commit(root) == 0
    assert load(root).numbers["shop.bicycle.Painted"] == {"color": 1, "layers": 3}


def test_a_removed_action_leaves_an_empty_message_behind(root: Path) -> None:
    write(root, STORE.replace("  sold: {fields: [color]}\n", ""))
    assert commit(root, "--breaking") == 0
    assert "message Sold {\n  option deprecated = true;" in (root / BICYCLE).read_text()
    assert codes(root) == set()
    write(root, STORE)
    assert codes(root) == {"B705"}


def test_what_breaks_is_refused_and_nothing_is_written(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (root / BICYCLE).read_text()
    write(root, RETYPED)
    capsys.readouterr()
    assert commit(root) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "error[B703]" in err
    assert err.splitlines()[-1] == "nothing is written: 3 changes break those who know the committed contract"
    assert (root / BICYCLE).read_text() == before


def test_what_breaks_is_written_when_told_and_said_all_the_same(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(root, RETYPED)
    capsys.readouterr()
    assert commit(root, "--breaking") == 0
    out, err = capsys.readouterr()
    assert out == f"changed {BICYCLE}\n"
    assert "error[B703]" in err
    assert codes(root) == set()


def test_check_writes_nothing_and_says_what_it_would(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert commit(root, "--check") == 0
    before = (root / BICYCLE).read_text()
    write(root, WITHOUT_COATS)
    capsys.readouterr()
    assert commit(root, "--check") == 1
    assert capsys.readouterr().out == f"to change {BICYCLE}\n"
    assert (root / BICYCLE).read_text() == before


def test_json_is_one_document(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(root, RETYPED)
    capsys.readouterr()
    assert commit(root, "--json") == 1
    document = json.loads(capsys.readouterr().out)
    assert document["network"] == str(root)
    assert document["written"] is False
    assert {"path": BICYCLE, "change": "change"} in document["files"]
    assert {problem["code"] for problem in document["breaking"]} == {"B703"}
    assert commit(root, "--json", "--breaking") == 0
    assert json.loads(capsys.readouterr().out)["written"] is True


def test_the_file_of_a_domain_that_is_gone_stays_without_its_fields_and_what_is_not_ours_stays_as_it_is(root: Path) -> None:
    gone = root / "protos/shop/wheel.proto"
    gone.write_text((root / BICYCLE).read_text().replace("shop.bicycle", "shop.wheel"))
    theirs = root / "protos/shop/mine.proto"
    theirs.write_text('syntax = "proto3";\n')
    assert codes(root) == {"B709"}
    assert commit(root) == 1
    assert commit(root, "--breaking") == 0
    assert "optional" not in gone.read_text()
    assert 'message Painted {\n  option deprecated = true;' in gone.read_text()
    assert theirs.read_text() == 'syntax = "proto3";\n'
    assert codes(root) == set()


def test_a_domain_that_comes_back_has_new_numbers_and_is_told_once(root: Path) -> None:
    header = (root / "blossm.yaml").read_text().replace("domain: bicycle", "domain: wheel")
    (root / "blossm.yaml").write_text(header)
    assert commit(root, "--breaking") == 0
    write(root, STORE)
    (problem,) = [problem for problem in check(root) if problem.code != "B709"]
    assert (problem.code, problem.message.partition(" was ")[0]) == ("B705", "the event store shop.bicycle")
    assert commit(root, "--breaking") == 0
    assert load(root).numbers["shop.bicycle.Painted"] == {"color": 3, "coats": 4}


def test_check_and_proto_look_at_the_same_files(root: Path) -> None:
    """But where there is no contract at all: that is fine, and there is something to write."""
    for path in sorted(root.glob("protos/**/*.proto")):
        text = path.read_text()
        path.write_text(f"{text}// Mine.\n")
        assert (codes(root), commit(root, "--check")) == ({"B701"}, 1)
        path.unlink()
        assert (codes(root), commit(root, "--check")) == (set() if path == root / BICYCLE else {"B701"}, 1)
        path.write_text(text)
        assert (codes(root), commit(root, "--check")) == (set(), 0)


def test_settings_for_buf_that_somebody_took_out_stay_out(root: Path) -> None:
    (root / "protos/buf.yaml").unlink()
    assert commit(root) == commit(root, "--check") == 0
    assert not (root / "protos/buf.yaml").exists()


def test_a_file_in_the_way_is_not_written_over(root: Path) -> None:
    (root / BICYCLE).write_text("// Mine.\n")
    assert commit(root, "--breaking") == 1
    assert (root / BICYCLE).read_text() == "// Mine.\n"


def test_settings_for_buf_are_written_once(root: Path) -> None:
    (root / "protos/buf.yaml").write_text("version: v2\n")
    assert commit(root) == 0
    assert (root / "protos/buf.yaml").read_text() == "version: v2\n"


def test_an_edit_of_the_platforms_files_is_undone(root: Path) -> None:
    edited = root / "protos/blossm/rpc/v1/event.proto"
    edited.write_text("// Mine.\n")
    assert commit(root) == 0
    assert edited.read_text() == platform_files()["blossm/rpc/v1/event.proto"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, beside = (root / BICYCLE).read_text(), sorted((root / "protos/shop").iterdir())
    write(root, WITHOUT_COATS)

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(Path, "replace", full)
    assert commit(root) == 2
    assert (root / BICYCLE).read_text() == before
    assert sorted((root / "protos/shop").iterdir()) == beside


def test_a_network_that_is_wrong_is_told_and_not_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, STORE.replace("color: string", "color: strnig"))
    assert commit(tmp_path) == 1
    assert "error[B108]" in capsys.readouterr().err
    assert not (tmp_path / "protos").exists()


def test_no_network_is_told_as_everywhere(tmp_path: Path) -> None:
    assert run(["proto", str(tmp_path)]) == 2


def test_the_committed_contract_of_the_example_is_not_stale() -> None:
    assert commit(Path(__file__).parents[2] / "examples/bicycle_city", "--check") == 0
