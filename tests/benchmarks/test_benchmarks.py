"""The benchmarks still run. What they measure is nobody's verdict: nothing here looks at a figure."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SCRIPTS = sorted(path.stem for path in BENCHMARKS.glob("bench_*.py"))


def said(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=BENCHMARKS, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_benchmark_finds_what_it_measures() -> None:
    assert len(SCRIPTS) >= 7
    said("-c", f"import {', '.join(SCRIPTS)}")


@pytest.mark.parametrize(
    ("script", "parts", "tables"),
    [
        ("bench_log.py", ["append"], 1),
        ("bench_log.py", ["aggregates", "long"], 2),
        ("bench_mongodb.py", [], 1),
    ],
)
def test_a_benchmark_of_the_log_prints_tables_and_json(script: str, parts: list[str], tables: int) -> None:
    peers = ["--peers", "0"] if script == "bench_log.py" else []
    lines = said(script, *parts, "--runs", "1", "--scale", "0.001", *peers).splitlines()
    assert sum(set(line) <= set("| -") and "---" in line for line in lines) == tables
    data = [json.loads(line) for line in lines if line.startswith("{")]
    assert len(data) == tables
    assert all(each["machine"]["python"] and each["figures"] for each in data)
