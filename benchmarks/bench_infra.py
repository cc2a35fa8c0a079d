"""The Pulumi program in a preview, for networks of 50 to 400 procedures: seconds, memory, and how both grow.

Beside it, in turns: the same program with the same answers under the SDK's own mocks, which check nothing.
"""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
from pathlib import Path

from measure import median, tell

PROGRAM = Path(__file__).with_name("infra_program.py")
SIZES = (50, 100, 200, 400)
BESIDE = (50, 100, 200)  # under the SDK's mocks a larger one takes a minute
RUNS = 3
TARGET = {200: 4.0}  # seconds

Runs = dict[str, list[dict[str, float]]]


def ran(size: int, way: str) -> dict[str, float]:
    """In a process of its own, so that memory is that of one run."""
    done = subprocess.run([sys.executable, str(PROGRAM), str(size), way], capture_output=True, text=True, check=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told


def main() -> None:
    ways = [*((size, "preview") for size in SIZES), *((size, "mocks") for size in BESIDE)]
    runs: Runs = {f"{way} {size}": [] for size, way in ways}
    for number in range(RUNS + 1):
        for size, way in ways:
            told = ran(size, way)
            if number:  # the first round compiles
                runs[f"{way} {size}"].append(told)
    columns = ["procedures", "resources", "seconds", "least–most", "CPU", "ms a resource", "MB", "the SDK's mocks", "target"]
    starts = [told["start"] for each in runs.values() for told in each]
    tell(
        f"A preview, median of {RUNS}; {statistics.median(starts):.1f} s before it for imports and a first small network",
        columns,
        [_row(runs, size) for size in SIZES],
        {"runs": runs, "target": TARGET, "grows_with": _exponent(runs)},
    )
    print(f"\nProcessor time grows with the number of resources to the power of {_exponent(runs):.2f}: 1 is linear.")


def _row(runs: Runs, size: int) -> list[str]:
    mine, theirs = runs[f"preview {size}"], runs.get(f"mocks {size}")
    seconds, resources = median(mine, "seconds"), median(mine, "resources")
    took = [told["seconds"] for told in mine]
    return [
        str(size),
        f"{resources:,.0f}",
        f"{seconds:.2f}",
        f"{min(took):.2f}–{max(took):.2f}",
        f"{median(mine, 'cpu'):.2f}",
        f"{seconds / resources * 1000:.2f}",
        f"{median(mine, 'mb'):.0f}",
        f"{median(theirs, 'seconds'):.2f} s, {_ratio(mine, theirs):.1f} ×" if theirs else "–",
        f"< {TARGET[size]:.0f} s" if size in TARGET else "–",
    ]


def _ratio(mine: list[dict[str, float]], theirs: list[dict[str, float]]) -> float:
    """Of each round, so that what else the machine does is in both."""
    return statistics.median(b["seconds"] / a["seconds"] for a, b in zip(mine, theirs, strict=True))


def _exponent(runs: Runs) -> float:
    points = [(told["resources"], told["cpu"]) for size in SIZES for told in runs[f"preview {size}"]]
    logs = [(math.log(x), math.log(y)) for x, y in points]
    return statistics.linear_regression([x for x, _ in logs], [y for _, y in logs]).slope


if __name__ == "__main__":
    main()
