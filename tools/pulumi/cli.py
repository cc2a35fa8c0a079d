"""Which pulumi CLI is used: that on PATH where it is new enough, else the one that `make tools` builds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEAST = tuple(map(int, re.search(r"^LEAST_PULUMI := (\d+)\.(\d+)\.(\d+)$", (ROOT / "Makefile").read_text(), re.M).groups()))  # type: ignore[union-attr]
MISSING = f"the pulumi CLI is not there: `make tools` builds it (needs Go), or install {'.'.join(map(str, LEAST))} or newer"


def find_cli() -> Path | None:
    """The program, or None where there is none that is new enough."""
    on_path = shutil.which("pulumi")
    if on_path and _version(Path(on_path)) >= LEAST:
        return Path(on_path)
    built = ROOT / ".tools" / "pulumi"
    return built if built.exists() else None


def _version(cli: Path) -> tuple[int, ...]:
    said = subprocess.run([cli, "version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", said)
    return tuple(map(int, found.groups())) if found else ()


def has_language_host(cli: Path) -> bool:
    """A CLI from pulumi.com has one that runs Python; one that `make tools` built has none."""
    return (cli.parent / "pulumi-language-python").exists() or bool(shutil.which("pulumi-language-python"))


def offline_path(cli: Path) -> str:
    """PATH with this CLI, and the providers that reach no cloud."""
    return os.pathsep.join([str(cli.parent), str(Path(__file__).parent / "path"), os.environ["PATH"]])
