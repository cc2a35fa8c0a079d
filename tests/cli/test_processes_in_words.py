"""How a network of many processes is shown: a line for each, that fits a terminal."""

from __future__ import annotations

from typing import Any

from blossm.cli.status import WIDTH, lines
from blossm.cli.welcome import wire


def process(kind: str, address: str, **others: Any) -> dict[str, Any]:
    known = {"process": f"{kind} {address}", "state": "up", "listens": "127.0.0.1:41234", "pid": 12345}
    return {"kind": kind, "address": address, **known, "requests": 7, "errors": 0, "restarts": 0, **others}


def told(*procedures: dict[str, Any]) -> list[str]:
    named = {"network": "harbour.example", "environment": "development", "kept": ".blossm"}
    return list(lines({**named, "logs": [], "projections": [], "timers": 0, "procedures": list(procedures)}))


def test_the_event_stores_of_a_service_are_one_line() -> None:
    shared = {"process": "event-store port", "pid": 7}
    shown = told(process("event-store", "port.berth", **shared), process("event-store", "port.crane", **shared))
    assert shown == [
        "harbour.example (development): 2 event-store",
        "1 process: 1 up",
        "process           state  listens          pid  requests  errors  restarts",
        "event-store port  up     127.0.0.1:41234    7         7       0         0",
    ]


def test_one_that_is_not_there_has_no_numbers_and_is_counted_apart() -> None:
    gone = process("command", "port.berth.ring", state="waiting", pid=None, requests=None, errors=None, restarts=3)
    shown = told(process("command", "port.berth.add"), gone)
    assert shown[1] == "2 processes: 1 up, 1 waiting"
    assert shown[-1].split() == ["command", "port.berth.ring", "waiting", "127.0.0.1:41234", "-", "-", "-", "3"]


def test_hundreds_of_long_names_fit_and_keep_their_ends() -> None:
    names = [f"a_service_with_a_long_name.a_domain_with_a_long_name.a_command_with_a_long_name_{number}" for number in range(300)]
    shown = told(*(process("command", name, requests=10**9) for name in names))
    assert max(map(len, shown)) <= WIDTH
    assert len(shown) == 3 + len(names)
    assert shown[-1].startswith("command a_")
    assert "_long_name_299  up" in shown[-1]


def test_a_network_in_one_process_says_so_and_one_that_does_not_run_says_nothing() -> None:
    here = {"kind": "command", "address": "a", "pid": 42, "state": "up"}
    assert told(here)[-1] == "process     42 has all procedures; with `dev --processes` each has its own, and answers gRPC"
    assert told({"kind": "command", "address": "a"}) == ["harbour.example (development): 1 command"]


def test_the_line_for_tools_is_there_where_something_answers_grpc() -> None:
    assert list(wire({}, key="operator:x")) == []
    assert len(list(wire({"fact-gateway f": "127.0.0.1:1"}, key="operator:x"))) == 1
    *_, line = wire({"fact-gateway f": "127.0.0.1:1", "event-store port": "127.0.0.1:2"}, key="operator:x")
    assert line == "  grpcurl -plaintext -H 'authorization: Bearer operator:x' 127.0.0.1:2 list"
