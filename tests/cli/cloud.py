"""A Pulumi project of `examples/hello`, and a `pulumi` that writes down how it was called in place of doing anything."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from blossm.cli.main import run

ROOT = Path(__file__).parents[2]
SETTINGS = """\
config:
  gcp:project: hello-{stack}
  gcp:region: europe-west1
  blossm:network: network
  blossm:image: europe-west1-docker.pkg.dev/hello/blossm/hello@sha256:{digest}
  blossm:atlas: {{organization: 0123456789abcdef01234567, identity_provider: 0123456789abcdef01234567}}
  blossm:databaseSeed: {{secure: v1:abcdefgh:ijklmnop}}
"""
# Answers `stack output` from the environment; of all else it writes the arguments down, and asks when it is told to.
PULUMI = f"""\
#!{sys.executable}
import json, os, signal, sys
if sys.argv[1:3] == ["stack", "output"]:
    print(os.environ["FAKE_SAYS"], file=sys.stderr)
    print(os.environ["FAKE_OUTPUTS"])
    sys.exit(int(os.environ["FAKE_OUTPUT_CODE"]))
with open(os.environ["FAKE_CALLS"], "a") as calls:
    print(json.dumps(sys.argv[1:]), file=calls)
if os.environ["FAKE_WAITS"]:
    signal.signal(signal.SIGINT, lambda *_: sys.exit(77))
    print("updating", flush=True)
    signal.pause()
if sys.stdin.isatty():
    print("answered", input("Do you want to perform this update? "))
sys.exit(int(os.environ["FAKE_CODE"]))
"""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


def tell(*arguments: str, folder: Path, environment: Mapping[str, str] | None = None) -> Told:
    """`blossm` in this process, in a folder, with no terminal."""
    out, err = io.StringIO(), io.StringIO()
    around = {"COLUMNS": "100", **(os.environ if environment is None else environment)}
    with (
        chdir(folder),
        mock.patch.dict(os.environ, around, clear=True),
        mock.patch.object(sys, "stdin", io.StringIO()),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = run(arguments)
    return Told(code=code, out=out.getvalue(), err=err.getvalue())


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """A project in a folder of its own, with the stacks `dev` and `prod`."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "blossm", *arguments]

    def blossm(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def refused(self, *arguments: str, **environment: str) -> Told:
        """The same in this process, which is faster: for what ends before pulumi is called."""
        told = tell(*arguments, folder=self.folder, environment={**self.environment, **environment})
        assert told.out == ""
        assert self.calls() == []
        return told

    def calls(self) -> list[list[str]]:
        """How pulumi was called to do something, each time."""
        written = Path(self.environment["FAKE_CALLS"])
        return [json.loads(line) for line in written.read_text().splitlines()] if written.exists() else []

    def change(self, file: str, old: str, new: str) -> None:
        text = (self.folder / file).read_text()
        assert old in text
        (self.folder / file).write_text(text.replace(old, new))


def cloud(folder: Path, *, main: Path = ROOT / "infra", **outputs: Any) -> Cloud:
    """A new project; `outputs` are what its stacks exported last."""
    project, tools = folder / "project", folder / "bin"
    shutil.copytree(ROOT / "examples" / "hello", project / "network", ignore=shutil.ignore_patterns(".blossm", "__pycache__"))
    (project / "Pulumi.yaml").write_text(
        f"name: hello\nmain: {main}\nruntime: {{name: python, options: {{virtualenv: {sys.prefix}}}}}\n"
    )
    for stack in ("dev", "prod"):
        (project / f"Pulumi.{stack}.yaml").write_text(SETTINGS.format(stack=stack, digest="0" * 64))
    tools.mkdir()
    (tools / "pulumi").write_text(PULUMI)
    (tools / "pulumi").chmod(0o755)
    return Cloud(folder=project, environment=_environment(folder, tools, outputs))


def _environment(folder: Path, tools: Path, outputs: dict[str, Any]) -> dict[str, str]:
    """Nothing of this machine's own pulumi gets in."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI")}
    return {
        **own,
        "PATH": f"{tools}:/usr/bin:/bin",
        "FAKE_CALLS": str(folder / "calls"),
        "FAKE_OUTPUTS": json.dumps(outputs),
        "FAKE_OUTPUT_CODE": "0",
        "FAKE_SAYS": "",
        "FAKE_CODE": "0",
        "FAKE_WAITS": "",
    }
