"""A command end to end, beside one INSERT: HTTP request → load a root of 10 events → log 1 event, durable → answer.

The peer is a FastAPI handler that does one durable SQLite INSERT (peer_fastapi.py). Both run the whole time, each in one
process; runs alternate between them, so that a noisy machine is noisy for both. Payloads are 200 bytes.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import uuid
from pathlib import Path

from measure import BLOSSM, fsync_ms, median, serving, spread, tell

HERE = Path(__file__).parent
RUNS = 5
REQUESTS = {1: 1_000, 64: 4_000}  # connections → requests a run
TARGETS = {1: 0.7, 64: 2.0}
EVENTS = 10
TEXT = "x" * 189  # {"text": …} of 200 bytes
ROOTS_AT_ONCE = 100  # a commit has at most 1,000 events


def prepared(port: int, count: int) -> list[str]:
    """New roots of 10 events each."""
    roots: list[str] = []
    payload = {"roots": ROOTS_AT_ONCE, "events": EVENTS, "text": TEXT}
    while len(roots) < count:
        body = json.dumps({"payload": payload}).encode()
        question = urllib.request.Request(
            f"http://127.0.0.1:{port}/c.note.desk/prepare", data=body, headers={"content-type": "application/json"}
        )
        with urllib.request.urlopen(question, timeout=30) as answer:
            roots += json.load(answer)["response"]
    return roots[:count]


def run(port: int, path: str, connections: int, roots: list[str]) -> dict[str, float]:
    bodies = "\n".join(json.dumps({"root": root, "payload": {"text": TEXT}}) for root in roots)
    command = [sys.executable, str(HERE / "load.py"), str(port), path, str(connections)]
    done = subprocess.run(command, input=bodies, capture_output=True, text=True, timeout=110, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return dict(json.loads(done.stdout))


def measured(folder: Path) -> dict[tuple[int, str], list[dict[str, float]]]:
    network = folder / "network"
    shutil.copytree(HERE / "command_network", network, ignore=shutil.ignore_patterns(".blossm", "__pycache__"))
    ours = [BLOSSM, "dev", str(network), "--port", "0"]
    theirs = [sys.executable, str(HERE / "peer_fastapi.py"), str(folder / "peer.db")]
    results: dict[tuple[int, str], list[dict[str, float]]] = {}
    with serving(ours, log=folder / "blossm.log") as (blossm, _), serving(theirs, log=folder / "peer.log") as (peer, _):
        for number in range(RUNS + 1):
            for connections, requests in REQUESTS.items():
                roots = {"blossm": prepared(blossm, requests), "fastapi": [str(uuid.uuid4()) for _ in range(requests)]}
                for name, port, path in (("blossm", blossm, "/c.note.desk/add"), ("fastapi", peer, "/note")):
                    result = run(port, path, connections, roots[name])
                    if number:  # the first round warms both up
                        results.setdefault((connections, name), []).append(result)
    return results


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="blossm-bench-") as name:
        folder = Path(name)
        fsync = fsync_ms(folder)
        results = measured(folder)
    rows, data = [], []
    for connections, target in TARGETS.items():
        ours, theirs = results[connections, "blossm"], results[connections, "fastapi"]
        ratio = median(ours, "per_second") / median(theirs, "per_second")
        rows.append(
            [
                str(connections),
                *(f"{median(runs, 'per_second'):,.0f} ({spread(runs, 'per_second')})" for runs in (ours, theirs)),
                *(f"{median(runs, 'p50_ms'):.2f} / {median(runs, 'p99_ms'):.2f}" for runs in (ours, theirs)),
                f"{ratio:.2f} ×",
                f"≥ {target} ×",
            ]
        )
        data.append({"connections": connections, "ratio": ratio, "target": target, "blossm": ours, "fastapi": theirs})
    columns = ["connections", "blossm/s", "FastAPI + INSERT/s", "blossm p50 / p99 ms", "FastAPI p50 / p99 ms", "ratio", "target"]
    facts = {"fsync": f"WAL, synchronous=FULL; one fsync of 4 KiB here: {fsync:.3f} ms", "runs": RUNS, "figures": data}
    tell(f"HTTP command → 10-event root → 1 event, durable ({facts['fsync']})", columns, rows, facts)


if __name__ == "__main__":
    main()
