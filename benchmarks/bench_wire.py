"""What the wire costs: our calls over gRPC, beside the same calls in process and a bare grpc.aio echo, all in one run.

    python benchmarks/bench_wire.py [calls] [stream] [start] [--events N]

`calls`: append, command and aggregate, at 1 and at 64 in flight, durable (SQLite, FULL) and in memory.
`stream`: N events (a million, where nothing is said) from one process to another, and what both weigh meanwhile.
`start`: `blossm dev --processes examples/bicycle_city` beside `blossm dev`: time and memory.

Each server is a process of its own; this one is the client.
"""

from __future__ import annotations

import uvloop
import wire_start
import wire_stream
import wire_table
from measure import asked

PARTS = ("calls", "stream", "start")


def main() -> None:
    found = asked(__doc__, PARTS, events=1_000_000, runs=5)
    if "calls" in found.parts:
        uvloop.run(wire_table.measured(found.runs))
    if "stream" in found.parts:
        uvloop.run(wire_stream.measured(found.events))
    if "start" in found.parts:
        wire_start.measured(found.runs)


if __name__ == "__main__":
    main()
