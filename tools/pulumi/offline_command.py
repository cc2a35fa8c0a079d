"""Runs a pulumi command without an account: with providers that reach no cloud, and a state in a folder of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.pulumi.cli import MISSING, find_cli, has_language_host, offline_path
from tools.pulumi.copied import copy_project
from tools.pulumi.plugins.journal import Journal
from tools.pulumi.plugins.language import LanguageHost
from tools.pulumi.plugins.serving import providers, served

from blossm_infra.project import NoProject, find_project

_FOLDER = ".pulumi-offline"
_OPTIONS = ("--stack", "-s")
_RUNNING = ("preview", "pre", "up", "update", "refresh", "destroy", "down", "watch")  # commands that run the program, or may


def main(words: Sequence[str]) -> int:
    if not (cli := find_cli()):
        return _say(MISSING)
    try:
        project = find_project(Path.cwd())
    except NoProject as missing:
        return _say(str(missing))
    folder = Path(os.environ.get("BLOSSM_OFFLINE", project / _FOLDER)).resolve()
    try:
        environment, here = {**os.environ, **offline(cli, folder)}, copy_project(project, folder / "project")
    except OSError as error:
        return _say(f"{error.filename}: {error.strerror}; BLOSSM_OFFLINE may name another folder")
    _say(f"offline: no cloud is reached, and what `up` makes exists in {folder} only")
    if stack := _stack(words):
        subprocess.run([cli, "stack", "select", stack, "--create"], cwd=here, env=environment, check=False, capture_output=True)
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is the CLI's, which ends in good order; a handler is not inherited
    with providers(Journal.of_environment()) as found, _language(cli, words) as host:
        return subprocess.run([cli, *words, *host], cwd=here, env={**environment, **found}, check=False).returncode


@contextmanager
def _language(cli: Path, words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The option by which the CLI finds our language host, for a command that runs the program, where it has none of its own."""
    if words[:1] and words[0] in _RUNNING and not has_language_host(cli):
        with served(LanguageHost()) as port:
            yield ("--client", f"127.0.0.1:{port}")
    else:
        yield ()


def _say(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


def offline(cli: Path, folder: Path) -> Mapping[str, str]:
    """The environment in which this CLI keeps its state in `folder` and takes our providers for the real ones."""
    state = folder / "state"
    state.mkdir(parents=True, exist_ok=True)
    return {
        "PATH": offline_path(cli),
        "BLOSSM_PYTHON": sys.executable,
        "PULUMI_BACKEND_URL": state.as_uri(),
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_CONFIG_PASSPHRASE": "offline",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_SKIP_CHECKPOINTS": "1",  # the state is written once, at the end: most of an `up` would go into writing it
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
        "PYTHONWARNINGS": "ignore",
    }


def _stack(words: Sequence[str]) -> str:
    """The stack that a command names."""
    for word, after in zip(words, [*words[1:], ""], strict=True):
        if word in _OPTIONS:
            return after
        if word.startswith("--stack="):
            return word.partition("=")[2]
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
