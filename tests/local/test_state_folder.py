"""The state folder: one process at a time, and one clear message when it can't be used."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

import pytest

from blossm.local.state import FolderError, FolderTaken, OnServer, Running, StateFolder, development_key_at, running
from blossm.serve.where import Server


def test_version_control_leaves_the_folder_alone(tmp_path: Path) -> None:
    StateFolder.hold(tmp_path).close()
    assert (tmp_path / ".blossm" / ".gitignore").read_text() == "*\n"


def test_a_key_made_before_the_first_run_is_not_committed_either(tmp_path: Path) -> None:
    key = development_key_at(tmp_path)
    assert (key.parent / ".gitignore").read_text() == "*\n"
    StateFolder.hold(tmp_path).close()


def test_two_processes_cannot_share_it(tmp_path: Path) -> None:
    held = StateFolder.hold(tmp_path)
    with pytest.raises(FolderTaken, match="another process uses"):
        StateFolder.hold(tmp_path)
    held.close()
    StateFolder.hold(tmp_path).close()


@pytest.mark.parametrize("lost", [True, False])
def test_a_log_that_is_gone_is_not_begun_anew_in_silence(tmp_path: Path, lost: bool) -> None:
    held = StateFolder.hold(tmp_path)
    log = held.log("port")  # the first time there is none
    held.states("port").write_bytes(b"states")
    if not lost:
        log.touch()  # emptied
    with pytest.raises(FolderError, match=r"logs/port.db is gone") as refused:
        held.log("port")
    assert "--fresh" in refused.value.help
    log.write_bytes(b"commits")
    assert held.log("port") == log
    held.close()


def test_what_may_not_be_read_is_not_called_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    StateFolder.hold(tmp_path).close()

    def refused(_: Path) -> str:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refused)
    with pytest.raises(PermissionError):  # nobody is told to empty a folder that is whole
        StateFolder.hold(tmp_path)


def test_who_runs_is_known_while_it_runs_and_to_its_owner_only(tmp_path: Path) -> None:
    assert running(tmp_path) is None
    held = StateFolder.hold(tmp_path)
    held.announce(Running("http://127.0.0.1:1", 42, "secret"))
    assert running(tmp_path) == Running("http://127.0.0.1:1", 42, "secret")
    assert stat.S_IMODE((tmp_path / ".blossm" / "running.json").stat().st_mode) == 0o600
    held.close()
    assert running(tmp_path) is None


def test_what_a_killed_network_left_is_not_taken_for_a_running_one(tmp_path: Path) -> None:
    held = StateFolder.hold(tmp_path)
    held.announce(Running("http://127.0.0.1:1", 42, "secret"))
    left = (tmp_path / ".blossm" / "running.json").read_text()
    held.close()
    (tmp_path / ".blossm" / "running.json").write_text(left)
    assert running(tmp_path) is None


def test_a_network_that_is_starting_does_not_say_where_it_listens(tmp_path: Path) -> None:
    held = StateFolder.hold(tmp_path)
    with pytest.raises(FolderTaken):
        running(tmp_path)
    held.close()


def test_fresh_empties_only_what_is_ours(tmp_path: Path) -> None:
    StateFolder.hold(tmp_path).close()
    folder = tmp_path / ".blossm"
    (folder / "logs" / "shop.db").write_text("events")
    (folder / "timers.db-wal").write_text("pages")
    (folder / "notes.txt").write_text("mine")
    StateFolder.hold(tmp_path, fresh=True).close()
    assert sorted(path.name for path in (folder / "logs").iterdir()) == []
    assert not (folder / "timers.db-wal").exists()
    assert (folder / "notes.txt").read_text() == "mine"


def test_a_folder_of_another_version_is_left_alone(tmp_path: Path) -> None:
    StateFolder.hold(tmp_path).close()
    (tmp_path / ".blossm" / "format").write_text("99\n")
    with pytest.raises(FolderError, match="has the layout '99'"):
        StateFolder.hold(tmp_path)
    StateFolder.hold(tmp_path, fresh=True).close()


@pytest.mark.parametrize("harm", ["no format", "bytes for a format", "a file for a folder"])
def test_a_damaged_folder_is_one_clear_message(tmp_path: Path, harm: str) -> None:
    StateFolder.hold(tmp_path).close()
    folder = tmp_path / ".blossm"
    match harm:
        case "no format":
            (folder / "format").unlink()
        case "bytes for a format":
            (folder / "format").write_bytes(b"\xff\xfe")
        case _:
            (folder / "views").rmdir()
            (folder / "views").write_text("")
    with pytest.raises(FolderError) as error:
        StateFolder.hold(tmp_path)
    assert "--fresh" in error.value.help


def test_a_file_in_the_place_of_the_folder_is_one_clear_message(tmp_path: Path) -> None:
    (tmp_path / ".blossm").write_text("")
    with pytest.raises(FolderError, match="can't be used"):
        StateFolder.hold(tmp_path)


HERE = Server("mongodb://ada:secret@here")


def test_a_new_folder_has_its_logs_where_they_are_said_to_be(tmp_path: Path) -> None:
    held = StateFolder.hold(tmp_path)
    assert held.server_of(None) is None
    assert held.server_of(HERE) == HERE
    held.close()


def test_a_folder_with_logs_of_its_own_goes_on_with_them(tmp_path: Path) -> None:
    held = StateFolder.hold(tmp_path)
    held.log("port").write_bytes(b"commits")
    assert held.server_of(None) is None
    with pytest.raises(FolderError, match="are files") as refused:
        held.server_of(HERE)
    assert "mongodb://here" in str(refused.value)
    assert "secret" not in str(refused.value)
    held.close()


def test_a_folder_goes_on_with_the_server_it_remembers(tmp_path: Path) -> None:
    held = StateFolder.hold(tmp_path)
    held.remember(OnServer(HERE.shown, ("log-port",)))
    assert held.server_of(None) == Server("mongodb://here")
    assert held.server_of(HERE) == HERE  # who names it may bring a password along
    with pytest.raises(FolderError, match="are on mongodb://here, and not on mongodb://there"):
        held.server_of(Server("mongodb://there"))
    held.close()


def test_what_is_remembered_is_for_its_owner_and_has_no_password(tmp_path: Path) -> None:
    held = StateFolder.hold(tmp_path)
    held.remember(OnServer(HERE.shown, ("log-port",)))
    file = tmp_path / ".blossm" / "mongodb.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "secret" not in file.read_text()
    held.close()


def test_fresh_forgets_the_server_and_knows_which_one_it_was(tmp_path: Path) -> None:
    held = StateFolder.hold(tmp_path)
    held.remember(OnServer(HERE.shown, ("log-port",)))
    held.close()
    anew = StateFolder.hold(tmp_path, fresh=True)
    assert (anew.server, anew.forgotten) == (None, OnServer("mongodb://here", ("log-port",)))
    anew.close()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"address": "mongodb://here"}'])
def test_a_memory_that_cannot_be_read_is_told_and_fresh_drops_it(tmp_path: Path, text: str) -> None:
    held = StateFolder.hold(tmp_path)
    (tmp_path / ".blossm" / "mongodb.json").write_text(text)
    with pytest.raises(FolderError, match=r"mongodb.json can't be read"):
        held.server_of(None)
    held.close()
    anew = StateFolder.hold(tmp_path, fresh=True)
    assert anew.server_of(None) is None
    anew.close()
