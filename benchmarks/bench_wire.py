"""What the wire costs: our calls over gRPC, beside the same calls in process and a bare grpc.aio echo, all in one run.

    python benchmarks/bench_wire.py [calls] [stream] [start] [--events N]

`calls`: append, command and aggregate, at 1 and at 64 in flight, durable (SQLite, FULL) and in memory.
`stream`: N events (a million, where nothing is said) from one process to another, and what both weigh meanwhile.
`start`: `blossm dev --processes examples/bicycle_city` beside `blossm dev`: time and memory.

Each server is a process of its own; this one is the client.
"""

from __future__ import annotations

import argparse

import uvloop
import wire_start
import wire_stream
import wire_table

PARTS = ("calls", "stream", "start")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=PARTS, default=PARTS)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    if "calls" in asked.parts:
        uvloop.run(wire_table.measured(asked.runs))
    if "stream" in asked.parts:
        uvloop.run(wire_stream.measured(asked.events))
    if "start" in asked.parts:
        wire_start.measured(asked.runs)


if __name__ == "__main__":
    main()
