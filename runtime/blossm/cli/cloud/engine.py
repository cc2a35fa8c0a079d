"""The `pulumi` CLI: where it is, whether it can work on a stack, and how this process becomes it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from blossm.cli.failure import Failure
from blossm.serve.told import ENVIRONMENT

if TYPE_CHECKING:
    from blossm_infra.project import Project

_PASSPHRASES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
_INSTALL = "https://www.pulumi.com/docs/install; `blossm plan` does without"
_LOGIN = "`pulumi login gs://BUCKET`, where the state is kept, or PULUMI_BACKEND_URL; at Pulumi Cloud PULUMI_ACCESS_TOKEN"
_DEADLINE = 60.0  # seconds, for a question about a state that may lie far away
_ASKS = "import importlib.util as i, sys; sys.exit(i.find_spec('blossm_infra') is None)"


@dataclass(frozen=True, slots=True)
class Engine:
    """A CLI that was found."""

    executable: str

    def outputs(self, stack: str) -> dict[str, Any]:
        """What the stack exported last. Raises Failure where the CLI can't get at it: no login, no such stack."""
        command = [self.executable, "stack", "output", "--json", "--stack", stack, "--non-interactive"]
        try:
            asked = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_DEADLINE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Failure(f"pulumi did not answer within {_DEADLINE:g} s where its state is kept", code=ENVIRONMENT) from None
        if asked.returncode:
            raise _refusal(asked.stderr, stack)
        found: dict[str, Any] = json.loads(asked.stdout)
        return found

    def become(self, arguments: Sequence[str]) -> NoReturn:
        """Go on as the CLI: the terminal, its prompts, signals and the exit code are its own, with nobody between."""
        sys.stdout.flush()
        sys.stderr.flush()
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and what is ignored stays so
        os.execv(self.executable, [self.executable, *arguments])


def engine_for(project: Project) -> Engine:
    """The CLI on the PATH. Raises Failure where there is none, or no Python for the program."""
    if (executable := shutil.which("pulumi")) is None:
        raise Failure("there is no `pulumi` on the PATH", code=ENVIRONMENT, help=_INSTALL)
    _check_python(project)
    return Engine(executable)


def check_passphrase(project: Project, stack: str) -> None:
    """Raises Failure when the stack needs a passphrase that is not set, and nobody is there to be asked."""
    if project.passphrase and not sys.stdin.isatty() and not any(name in os.environ for name in _PASSPHRASES):
        message = f"Pulumi.{stack}.yaml has secrets that are encrypted with a passphrase, and it is not set"
        raise Failure(message, code=ENVIRONMENT, help=f"set {' or '.join(_PASSPHRASES)}")


def _refusal(said: str, stack: str) -> Failure:
    """What the CLI could not do, with the next step where it is known."""
    if "no stack named" in said:
        help = f"`pulumi stack init {stack}`, once; docs/infra/first-deploy.md says how its secrets are encrypted"
        return Failure(f"there is no stack `{stack}` where pulumi keeps its state", code=ENVIRONMENT, help=help)
    if "PULUMI_ACCESS_TOKEN" in said:
        return Failure("pulumi is not logged in", code=ENVIRONMENT, help=_LOGIN)
    return Failure(f"pulumi can't read its state: {said.strip().removeprefix('error: ')}", code=ENVIRONMENT, help=_LOGIN)


def _check_python(project: Project) -> None:
    """Raises Failure when the program would not find its packages: the CLI itself says so much later, with a traceback."""
    folder = project.virtualenv
    if folder and folder.resolve() == Path(sys.prefix).resolve():
        return  # it is this Python, which runs the program for the plan
    python = _python_of(folder) if folder else shutil.which("python3") or shutil.which("python")
    if folder and not python:
        help = f"python3 -m venv {folder} && {folder}/bin/pip install 'blossm[infra]'"
        raise Failure(f"Pulumi.yaml: `virtualenv` names {folder}, and there is no Python in it", code=ENVIRONMENT, help=help)
    if python is None or subprocess.run([python, "-c", _ASKS], check=False, timeout=_DEADLINE, capture_output=True).returncode:
        whose = f"the Python in {folder}" if folder else "Python on the PATH, to which Pulumi.yaml leaves the program,"
        help = f"{python or 'python3'} -m pip install 'blossm[infra]'"
        raise Failure(f"{whose} has no blossm_infra", code=ENVIRONMENT, help=help)


def _python_of(folder: Path) -> str | None:
    found = (folder / "bin" / "python", folder / "Scripts" / "python.exe")
    return next((str(python) for python in found if python.exists()), None)
