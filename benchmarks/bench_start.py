"""How long `blossm dev examples/bicycle_city` takes from nothing to its line `ready`.

Beside it, in turns: a Python that only imports the server's libraries and ends, the floor of anything that serves HTTP.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import BLOSSM, median, serving, tell

EXAMPLE = Path(__file__).parents[1] / "examples" / "bicycle_city"
RUNS = 9
TARGET = 1.0
IMPORTS = "import uvicorn, starlette.applications, apsw, uvloop, httptools"


def started(folder: Path) -> float:
    command = [BLOSSM, "dev", str(folder / "bicycle_city"), "--port", "0", "--fresh"]
    with serving(command, log=folder / "blossm.log") as (_, seconds):
        return seconds


def imported() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", IMPORTS], check=True)
    return time.perf_counter() - began


def main() -> None:
    runs: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory(prefix="blossm-bench-") as name:
        folder = Path(name)
        shutil.copytree(EXAMPLE, folder / "bicycle_city", ignore=shutil.ignore_patterns(".blossm", "__pycache__"))
        for number in range(RUNS + 1):
            run = {"blossm": started(folder), "imports": imported()}
            if number:  # the first one compiles
                runs.append(run)
    rows = [
        ["`blossm dev examples/bicycle_city` → ready", *_figures(runs, "blossm"), f"≤ {TARGET:.0f} s"],
        ["python, imports of the server's libraries", *_figures(runs, "imports"), "–"],
    ]
    tell(f"Start, median of {RUNS}", ["", "seconds", "least–most", "target"], rows, {"runs": runs, "target": TARGET})


def _figures(runs: list[dict[str, float]], key: str) -> list[str]:
    values = [run[key] for run in runs]
    return [f"{median(runs, key):.2f}", f"{min(values):.2f}–{max(values):.2f}"]


if __name__ == "__main__":
    main()
