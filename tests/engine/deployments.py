"""A Pulumi project in a folder of its own, as its user has it: deployed by the real CLI, with providers that reach no cloud."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.pulumi.cli import ROOT
from tools.pulumi.offline_command import offline
from tools.pulumi.plugins.journal import Journal

SEED = "a seed that no state and no output may ever show"
_DEADLINE = 180  # seconds
_SELDOM = "400"  # how often Go looks for garbage: commands are over before it would help them
_RUNNING = ("preview", "up", "destroy", "refresh")  # commands that run the program, or may
_COLORS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command said on both of its streams, and how it ended."""

    code: int
    said: str

    def changes(self) -> dict[str, int]:
        """What it counts at its end: `+ 2 to create` or `+ 2 created` is `{"create": 2}`."""
        _, _, told = self.said.rpartition("\nResources:\n")
        found = re.findall(r"^ +(?:\S+ )?(\d+) (?:to )?([a-z]+)", told, re.M)
        return {_PLAIN.get(word, word): int(count) for count, word in found}


_PLAIN = {"created": "create", "updated": "update", "deleted": "delete", "replaced": "replace"}


class Deployments:
    """The stacks of one project, each in a state of its own, and what really happened at the providers."""

    def __init__(self, folder: Path, cli: Path, *, journal: Journal, providers: Mapping[str, str], host: str) -> None:
        self._cli, self._folder, self.project = cli, folder, folder / "project"
        self.journal, self._providers, self._host = journal, providers, host
        self._environment = {**os.environ, **offline(cli, folder), **providers, "GOGC": _SELDOM}

    def write(self, network: Mapping[str, str]) -> None:
        """The project, or what is new in it; a file that was there and is not in `network` leaves."""
        there = self.project / "network"
        shutil.rmtree(there, ignore_errors=True)
        for name, text in network.items():
            (there / name).parent.mkdir(parents=True, exist_ok=True)
            (there / name).write_text(text)
        (self.project / "infra").mkdir(exist_ok=True)
        shutil.copy(ROOT / "Pulumi.yaml", self.project)
        shutil.copy(ROOT / "infra" / "__main__.py", self.project / "infra")

    def begin(self, stack: str) -> None:
        """A stack with the settings of the repository's own, but for its network, and with a seed."""
        shutil.copy(ROOT / f"Pulumi.{stack}.yaml", self.project)
        self.must("stack", "init", stack)
        self.write_setting(stack, "blossm:network", "network")
        self.must("config", "set", "--secret", "blossm:databaseSeed", SEED, "--stack", stack)

    def copy(self, folder: Path) -> Deployments:
        """The same project with the same stacks, which go their own ways from here; its journal begins empty."""
        shutil.copytree(self._folder, folder, dirs_exist_ok=True)
        self.journal.entries.clear()
        self.journal.fail = ""
        return Deployments(folder, self._cli, journal=self.journal, providers=self._providers, host=self._host)

    def write_setting(self, stack: str, key: str, value: Any) -> None:
        """Writes it into the stack's file, as its user does."""
        import yaml

        file = self.project / f"Pulumi.{stack}.yaml"
        text = yaml.safe_load(file.read_text())
        text["config"][key] = value
        file.write_text(yaml.safe_dump(text, sort_keys=False))

    def __call__(self, *words: str) -> Ran:
        """Any command."""
        process = self._start(*words)
        said, _ = process.communicate(timeout=_DEADLINE)
        return Ran(process.returncode, _COLORS.sub("", said))

    def killed(self, *words: str, at: str) -> Ran:
        """A command that is killed where the journal gets this entry (`create wake-ups-town`), as when a machine goes down."""
        process: list[subprocess.Popen[str]] = []
        self.journal.heard = lambda entry: process[0].kill() if f"{entry.did} {entry.name}" == at else None
        process.append(self._start(*words, checkpoints=True))
        said, _ = process[0].communicate(timeout=_DEADLINE)
        self.journal.heard = None
        return Ran(process[0].returncode, said)

    def _start(self, *words: str, checkpoints: bool = False) -> subprocess.Popen[str]:
        """With `checkpoints` the state is written after each step, as in the real world: that takes most of an `up`."""
        host = ("--client", self._host) if words[0] in _RUNNING else ()
        return subprocess.Popen(
            [self._cli, *words, *host, "--non-interactive", "--color", "never"],
            cwd=self.project,
            env=self._environment | {"PULUMI_SKIP_CHECKPOINTS": "" if checkpoints else "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def must(self, *words: str) -> Ran:
        ran = self(*words)
        assert ran.code == 0, ran.said
        return ran

    def preview(self, stack: str, *words: str) -> Ran:
        return self("preview", "--stack", stack, *words)

    def up(self, stack: str, *words: str) -> Ran:
        """Without asking, and without a preview first, which would refuse much by itself."""
        return self("up", "--stack", stack, "--yes", "--skip-preview", *words)

    def state(self, stack: str) -> str:
        """The state's file, as it lies there."""
        (file,) = (self._folder / "state").rglob(f"stacks/*/{stack}.json")
        return file.read_text()

    def resources(self, stack: str) -> dict[str, dict[str, Any]]:
        """What a state holds, by URN, without what each writing changes. The engine's own provider comes and goes."""
        state = json.loads(self.state(stack), object_hook=_settled)
        resources = state["checkpoint"]["latest"].get("resources", ())
        return {resource["urn"]: resource for resource in resources if resource["type"] != "pulumi:providers:pulumi"}


def _settled(document: dict[str, Any]) -> dict[str, Any]:
    """Without the text of a secret, an order that says nothing, and properties that depend on nothing."""
    if isinstance(document.get("dependencies"), list):
        document["dependencies"].sort()
    needed = {key: sorted(on) for key, on in document.pop("propertyDependencies", {}).items() if on}
    return {key: value for key, value in document.items() if key != "ciphertext"} | (
        {"propertyDependencies": needed} if needed else {}
    )
