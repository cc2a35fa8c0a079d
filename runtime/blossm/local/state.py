"""`.blossm/`, where a network on this machine keeps what must outlive it: logs, states, views, timers, keys.

    .blossm/
      .gitignore        *
      format            the version of this layout
      lock              held by the process that uses the folder, and nobody else
      running.json      where that process listens, for the operator's tools (0600)
      development.key   signs development tokens
      logs/<service>.db  states/<service>.db  views/<address>.db  timers.db
      mongodb.json      the server that has logs, states and views, where they are not here: its address and databases (0600)
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from blossm.core.errors import BlossmError
from blossm.serve.where import Server

FOLDER = ".blossm"
FORMAT = "1"
IGNORE = "*\n"
KEY = "development.key"
ORPHANED = 15.0  # seconds within which the processes of a network that was killed are gone
SERVER = "mongodb.json"
OURS = (".gitignore", "format", "running.json", SERVER, KEY, "logs", "states", "views", "timers.db")


class FolderError(BlossmError):
    """The state folder can't be used: it is taken, of another version, or not what we wrote."""


class FolderTaken(FolderError):
    """Another process uses the folder."""


@dataclass(frozen=True, slots=True)
class Running:
    """Where a running network listens, and the key that its operator's tools show."""

    url: str
    pid: int
    operator_key: str


@dataclass(frozen=True, slots=True)
class OnServer:
    """The server of MongoDB that has a network's logs: its address without credentials, and the databases of the logs."""

    address: str
    logs: tuple[str, ...]


class StateFolder:
    """The state folder of one network, held by this process until `close`."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self.lock = lock  # the folder is held for as long as this file is open somewhere
        self.forgotten: OnServer | None = None  # by `fresh`: its databases are still there

    @classmethod
    def hold(cls, root: Path, *, fresh: bool = False) -> StateFolder:
        """Take the folder of the network at `root`, made where there is none; `fresh` empties it first.

        Raises FolderTaken while another process holds it, FolderError when it can't be used.
        """
        path = root / FOLDER
        try:
            path.mkdir(exist_ok=True)
            lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise FolderError(f"{path} can't be used: {error.strerror}", help="make it a folder you may write to") from error
        folder = cls(path, lock)
        try:
            _locked(lock, path)
            if fresh:
                with suppress(FolderError):  # what can't be read is forgotten too
                    folder.forgotten = folder.server
                folder.empty()
            folder.ready()
        except BaseException:
            os.close(lock)
            raise
        return folder

    def empty(self) -> None:
        """Remove what a network left here: only what is ours."""
        for name in OURS:
            ours = self.path / name
            if ours.is_dir() and not ours.is_symlink():
                shutil.rmtree(ours)
            else:
                ours.unlink(missing_ok=True)
        for leftover in self.path.glob("timers.db-*"):
            leftover.unlink()

    def ready(self) -> None:
        """Check the version of the layout, and make what is missing of it."""
        version = self.path / "format"
        found = _text(version)
        if found is None and any((self.path / name).exists() for name in ("logs", "states", "views", "timers.db")):
            raise FolderError(f"{self.path} is damaged: its file `format` is missing", help=_ANEW)
        if found not in (None, FORMAT):
            raise FolderError(f"{self.path} has the layout {found!r}, and this blossm writes {FORMAT!r}", help=_ANEW)
        try:
            (self.path / ".gitignore").write_text(IGNORE)
            for name in ("logs", "states", "views"):
                (self.path / name).mkdir(exist_ok=True)
            version.write_text(f"{FORMAT}\n")
        except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
            raise FolderError(f"{self.path} is damaged: {error.filename}: {error.strerror}", help=_ANEW) from error

    def log(self, service: str) -> Path:
        """Raises FolderError where a log is gone: to begin a new one in silence would hide that its events are lost."""
        path = self.path / "logs" / f"{service}.db"
        if self.states(service).exists() and not (path.exists() and path.stat().st_size):
            raise FolderError(f"{path} is gone, with all that was logged", help=f"put it back from a copy; {_ANEW}")
        return path

    def states(self, service: str) -> Path:
        return self.path / "states" / f"{service}.db"

    def view(self, address: str) -> Path:
        return self.path / "views" / f"{address}.db"

    @property
    def server(self) -> OnServer | None:
        """The server that has the logs; None where they are here. Raises FolderError when that can't be read."""
        if (text := _text(self.path / SERVER)) is None:
            return None
        try:
            found = json.loads(text)
            return OnServer(str(found["address"]), tuple(map(str, found["logs"])))
        except (ValueError, TypeError, KeyError) as error:
            raise FolderError(f"{self.path / SERVER} can't be read", help=_ANEW) from error

    def server_of(self, named: Server | None) -> Server | None:
        """The server that has the logs, when this one was named. Raises FolderError where they are somewhere else."""
        if here := sorted(self.path.glob("logs/*.db")):
            if named:
                raise FolderError(
                    f"the logs of this network are files, {here[0]} say, and not on {named.shown}",
                    help="without `--log`, and with no BLOSSM_LOG, it goes on with them; `--fresh` forgets them and begins anew",
                )
            return None
        known = self.server
        if known and named and known.address != named.shown:
            raise FolderError(
                f"the logs of this network are on {known.address}, and not on {named.shown}",
                help=f"when they have moved there, write the new address into {self.path / SERVER}; `--fresh` begins anew",
            )
        return named or (Server(known.address) if known else None)

    def remember(self, server: OnServer) -> None:
        """From now on, this server has the logs."""
        self._write(SERVER, json.dumps(asdict(server), indent=2) + "\n")

    @property
    def timers(self) -> Path:
        return self.path / "timers.db"

    @property
    def development_key(self) -> Path:
        return self.path / KEY

    def announce(self, running: Running) -> None:
        """Tell the operator's tools, and nobody else, where this network listens."""
        self._write("running.json", json.dumps(asdict(running)))

    def _write(self, name: str, text: str) -> None:
        """A file that only its owner reads, whole or not at all."""
        unfinished = self.path / f"{name}.new"
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        unfinished.replace(self.path / name)

    def close(self) -> None:
        """Give the folder back."""
        (self.path / "running.json").unlink(missing_ok=True)
        os.close(self.lock)


def development_key_at(root: Path) -> Path:
    """The file of the key that signs development tokens, in a folder that version control leaves alone."""
    path = root / FOLDER
    path.mkdir(exist_ok=True)
    (path / ".gitignore").write_text(IGNORE)
    return path / KEY


def running(root: Path) -> Running | None:
    """The network that runs on the folder at `root`; None when none does.

    Raises FolderTaken when one holds the folder, but doesn't say where it listens: it is starting or stopping.
    """
    path = root / FOLDER
    try:
        lock = os.open(path / "lock", os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _announced(path)
    else:
        return None
    finally:
        os.close(lock)


def _announced(path: Path) -> Running:
    try:
        return Running(**json.loads((path / "running.json").read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise _taken(path) from error


def _locked(lock: int, path: Path) -> None:
    """Take the lock. Tries for a moment, since who only looks whether a network runs holds it for an instant.

    The processes of a network that was killed end by themselves, and hold it until then: they are waited for.
    """
    last = time.monotonic() + (ORPHANED if _is_orphaned(path) else 0.25)
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > last:
                raise _taken(path) from error
            time.sleep(0.02)


def _is_orphaned(path: Path) -> bool:
    """Whether who announced a network here is gone without a word."""
    try:
        os.kill(_announced(path).pid, 0)
    except ProcessLookupError:
        return True
    except (FolderTaken, OSError):
        return False
    return False


def _taken(path: Path) -> FolderTaken:
    return FolderTaken(
        f"another process uses {path}", help="stop the `blossm dev` that runs there, or try again when it is ready"
    )


def _text(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return None
    except (IsADirectoryError, UnicodeDecodeError) as error:
        raise FolderError(f"{path} can't be read", help=_ANEW) from error


_ANEW = "`blossm dev --fresh` empties the folder and starts anew; keep a copy of it if the events in it matter"
