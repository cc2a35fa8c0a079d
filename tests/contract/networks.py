"""Small networks that a test writes, and writes differently a year later."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

from blossm.cli.main import run
from blossm.model.diagnostics import Problem
from blossm.model.load import check


def write(root: Path, yaml: str) -> Path:
    """A network with one domain, `shop.bicycle`: its YAML is given, and whatever functions it needs are there."""
    text = dedent(yaml)
    header = f"network: city.example\n---\nservice: shop\n---\ndomain: bicycle\n---\n{text}"
    answer = "yield" if "stream: true" in text else "return"
    names = re.findall(r"^name: *(\w+)", text, re.MULTILINE)
    files = {
        "blossm.yaml": header,
        "commands.py": "".join(f"async def {name}(command):\n    return []\n" for name in names),
        "facts.py": "".join(f"async def {name}(fact):\n    {answer} None\n" for name in names),
        "upcasters.py": "\n".join(f"def {lift}(payload):\n    return payload" for lift in _lifts(text)) + "\n",
    }
    root.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (root / name).write_text(content)
    return root


def _lifts(text: str) -> list[str]:
    """The functions that lift events of the versions before, for every action that says a version."""
    said = re.findall(r"(\w+): \{version: (\d+)", text)
    return [f"{action}_{one}_to_{one + 1}" for action, version in said for one in range(1, int(version))]


def commit(root: Path, *options: str) -> int:
    """`blossm proto`; answers its exit code."""
    return run(["proto", *options, str(root)])


def told(root: Path) -> list[Problem]:
    return check(root)


def codes(root: Path) -> set[str]:
    return {problem.code for problem in check(root)}
