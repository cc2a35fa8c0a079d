"""A Pulumi project's files, read as the `pulumi` CLI reads them, for a preview without it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from blossm.model.diagnostics import Findings, render
from blossm.model.source import documents, read_text

SECRET = "[a secret, which only the pulumi CLI can read]"


class NoProject(pulumi.RunError):
    """There is no such project or stack here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """`main` is the folder of the program; `config` is that of one stack, as the program gets it.

    `virtualenv` is where the CLI finds Python for the program, None where the project leaves it to the PATH;
    `passphrase` says that the stack's secrets are encrypted with one.
    """

    name: str
    root: Path
    main: Path
    config: Mapping[str, str]
    virtualenv: Path | None = None
    passphrase: bool = False


def find_project(start: Path) -> Path:
    """The nearest folder upward that has a Pulumi.yaml. Raises NoProject when there is none."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / "Pulumi.yaml").is_file():
            return folder
    raise NoProject(f"no Pulumi.yaml in {start.resolve()} or above: run this in the folder of a Pulumi project")


def read_project(root: Path, *, stack: str) -> Project:
    """The project in `root`, for one stack.

    Raises NoProject for a stack without a file or a project without a program, and `pulumi.RunError`, with file and
    line, when a file can't be read.
    """
    project = _read(root, "Pulumi.yaml")
    if not (root / f"Pulumi.{stack}.yaml").is_file():
        there = sorted(path.name.split(".")[1] for path in root.glob("Pulumi.*.yaml"))
        raise NoProject(f"no Pulumi.{stack}.yaml in {root}; its stacks are {', '.join(there) or 'none'}")
    stack_file = _read(root, f"Pulumi.{stack}.yaml")
    config = stack_file.get("config") or {}
    if not isinstance(config, dict):
        raise pulumi.RunError(f"Pulumi.{stack}.yaml: `config` takes settings: `blossm:network: …`")
    main = root / str(project.get("main", "."))
    if not (main / "__main__.py").is_file():
        raise NoProject(f"Pulumi.yaml: there is no program in {main}: `main` names the folder of its __main__.py")
    name = str(project.get("name", root.name))
    return Project(
        name=name,
        root=root,
        main=main,
        config=_settings(_defaults(project), name) | _settings(config, name),
        virtualenv=_virtualenv(root, project.get("runtime")),
        passphrase="encryptionsalt" in stack_file,
    )


def _defaults(project: dict[str, Any]) -> dict[str, Any]:
    """What Pulumi.yaml says for all stacks: a value, or a map with `value` or `default`."""
    config = project.get("config")
    if not isinstance(config, dict):
        return {}
    said = {key: value if isinstance(value, dict) else {"value": value} for key, value in config.items()}
    return {key: value.get("value", value.get("default")) for key, value in said.items() if {"value", "default"} & set(value)}


def _settings(config: dict[str, Any], project: str) -> dict[str, str]:
    """A key without a namespace is the project's own."""
    return {key if ":" in key else f"{project}:{key}": _as_text(value) for key, value in config.items()}


def _virtualenv(root: Path, runtime: Any) -> Path | None:
    match runtime:
        case {"options": {"virtualenv": str(folder)}}:
            return root / folder
        case _:
            return None


def _read(root: Path, file: str) -> dict[str, Any]:
    findings = Findings()
    source = read_text(root / file, file, findings)
    found = list(documents(source, findings)) if source else []
    if problems := findings.problems():
        raise pulumi.RunError(f"{file} can't be read\n\n" + "\n\n".join(map(render, problems)))
    data = found[0].data if found else {}
    if not isinstance(data, dict):
        raise pulumi.RunError(f"{file}: keys and values are expected")
    return data


def _as_text(value: Any) -> str:
    """The CLI hands every value over as text, and what is no plain value as JSON; nothing at all is empty text."""
    match _open(value):
        case None:
            return ""
        case str(text):
            return text
        case other:
            return json.dumps(other)


def _open(value: Any) -> Any:
    """The value with a stand-in for each secret: only the CLI can decrypt them, and a preview needs none."""
    match value:
        case {"secure": _} if len(value) == 1:
            return SECRET
        case dict():
            return {key: _open(inner) for key, inner in value.items()}
        case _:
            return value
