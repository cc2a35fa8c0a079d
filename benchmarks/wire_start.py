"""The part `start` of bench_wire.py: one process per procedure beside all in one: how long until ready, and what they weigh."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from measure import BLOSSM, median, spread, started, tell

EXAMPLE = Path(__file__).parents[1] / "examples" / "bicycle_city"
WAYS = {"blossm dev": [], "blossm dev --processes": ["--processes"]}
_SETTLED = 1.0  # seconds after `ready`


def measured(runs: int) -> None:
    results: dict[str, list[dict[str, float]]] = {name: [] for name in WAYS}
    with tempfile.TemporaryDirectory(prefix="blossm-bench-") as name:
        folder = Path(name)
        shutil.copytree(EXAMPLE, folder / "city", ignore=shutil.ignore_patterns(".blossm", "__pycache__"))
        for number in range(runs + 1):
            for way, options in WAYS.items():
                result = _started(folder, options)
                if number:  # the first one compiles
                    results[way].append(result)
    rows = [[f"`{way} examples/bicycle_city`", *_figures(found)] for way, found in results.items()]
    tell(f"Start and memory, median of {runs}", ["", "seconds to ready", "processes", "MB (PSS of all)"], rows, {"runs": results})


def _figures(runs: list[dict[str, float]]) -> list[str]:
    seconds = [run["seconds"] for run in runs]
    return [
        f"{median(runs, 'seconds'):.2f} ({min(seconds):.2f}–{max(seconds):.2f})",
        f"{median(runs, 'processes'):.0f}",
        f"{median(runs, 'pss_mb'):,.0f} ({spread(runs, 'pss_mb')})",
    ]


def _started(folder: Path, options: list[str]) -> dict[str, float]:
    command = [BLOSSM, "dev", str(folder / "city"), "--port", "0", "--fresh", *options]
    with started(command, log=folder / "log") as server:
        time.sleep(_SETTLED)
        pids = list(_family(server.pid))
        return {"seconds": server.seconds, "processes": len(pids), "pss_mb": sum(map(_proportional_mb, pids))}


def _family(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _family(int(child))


def _proportional_mb(pid: int) -> float:
    """A process's memory, of what it shares with others its share only."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000
