"""The example previewed by the real pulumi CLI, as its user does it without an account: seconds from the command to its end.

Beside it: the same stack by `blossm plan`, which needs no CLI. Skipped, with a word, where there is no CLI.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import BLOSSM, median, tell

ROOT = Path(__file__).parents[1]
ENGINE = [str(ROOT / "tools" / "pulumi" / "offline"), "preview", "--stack", "dev", "--non-interactive"]
PLAN = [BLOSSM, "plan", "dev"]
RUNS = 5
TARGET = 15.0  # seconds


def main() -> None:
    sys.path.insert(0, str(ROOT))
    from tools.pulumi.cli import MISSING, find_cli

    if not find_cli():
        print(f"skipped: {MISSING}")
        return
    runs: dict[str, list[dict[str, float]]] = {"engine": [], "plan": []}
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "BLOSSM_OFFLINE": folder, "BLOSSM_PYTHON": sys.executable}
        for number in range(RUNS + 1):
            for name, command in (("engine", ENGINE), ("plan", PLAN)):
                told = ran(command, environment)
                if number:  # the first round compiles, and makes the stack
                    runs[name].append(told)
    rows = [_row("the real engine", runs["engine"], f"< {TARGET:.0f} s"), _row("`blossm plan`", runs["plan"], "–")]
    tell(f"The example's preview, {RUNS} runs", ["by", "best", "median", "CPU", "target"], rows, {"runs": runs, "target": TARGET})


def ran(command: list[str], environment: dict[str, str]) -> dict[str, float]:
    before, began = _cpu(), time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return {"seconds": time.perf_counter() - began, "cpu": _cpu() - before}


def _cpu() -> float:
    """Of all processes that ended so far: the CLI, its plugins, the program."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _row(by: str, runs: list[dict[str, float]], target: str) -> list[str]:
    best = min(told["seconds"] for told in runs)
    return [by, f"{best:.1f} s", f"{median(runs, 'seconds'):.1f} s", f"{median(runs, 'cpu'):.1f} s", target]


if __name__ == "__main__":
    main()
