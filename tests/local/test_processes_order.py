"""Which processes a network has, whom they call, in which order they end, and how soon one is started again: from the model."""

from __future__ import annotations

import socket

import pytest
from tests.local.harbour import harbour

from blossm.local.processes.backoff import Backoff
from blossm.local.processes.held_port import HeldPort
from blossm.local.processes.homes import called, home, homes, waves
from blossm.model.edges import edges
from blossm.model.network import Ref

A, B, C = Ref("command", "a"), Ref("command", "b"), Ref("command", "c")
LOG, VIEW, DOOR = Ref("event-store", "s"), Ref("view-store", "v"), Ref("command-gateway", "g")


def test_every_procedure_has_a_process_and_event_stores_share_their_services() -> None:
    network = harbour()
    assert {procedure.ref for found in homes(network).values() for procedure in found} == {
        procedure.ref for procedure in network.procedures()
    }
    shared = {ref: [procedure.address for procedure in found] for ref, found in homes(network).items() if len(found) > 1}
    assert shared == {Ref("event-store", "port"): ["port.berth", "port.crane"]}
    assert Ref("event-store", "port.berth") not in homes(network)


def test_a_process_reaches_what_its_procedure_has_an_edge_to_and_nothing_else() -> None:
    network = harbour()
    reached = {(caller, callee) for caller, callees in called(network).items() for callee in callees}
    assert reached == {(home(edge.caller), home(edge.callee)) for edge in edges(network)}


@pytest.mark.parametrize(
    ("calls", "order"),
    [
        ({DOOR: (A,), A: (LOG,), LOG: ()}, [{DOOR}, {A}, {LOG}]),
        ({A: (B,), B: (A, LOG), DOOR: (A,), LOG: ()}, [{DOOR}, {A, B}, {LOG}]),
        ({A: (A, LOG), LOG: ()}, [{A}, {LOG}]),
        ({LOG: (), VIEW: (), A: ()}, [{A}, {LOG, VIEW}]),
        ({A: (C,), B: (C,), C: ()}, [{A, B}, {C}]),
        ({}, []),
    ],
)
def test_nothing_ends_before_those_that_call_it_and_stores_at_the_end(
    calls: dict[Ref, tuple[Ref, ...]], order: list[set[Ref]]
) -> None:
    assert list(waves(calls)) == order


def test_all_processes_of_a_network_end() -> None:
    network = harbour()
    ending = list(waves(called(network)))
    assert set().union(*ending) == set(homes(network))
    assert ending[-1] == {ref for ref in homes(network) if ref.kind in ("event-store", "view-store")}


def test_a_process_that_ends_again_and_again_waits_longer_each_time_until_it_stays_up_for_a_while() -> None:
    backoff = Backoff()
    assert [backoff.pause(up=0) for _ in range(8)] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert backoff.pause(up=9) == 5.0
    assert backoff.pause(up=10) == 0.1
    assert backoff.pause(up=0) == 0.2


def test_a_held_port_refuses_until_somebody_listens_there_and_stays_ours() -> None:
    port = HeldPort()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port.port), timeout=1)
    for _ in range(2):  # two processes, one after the other
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listener.bind(("127.0.0.1", port.port))
            listener.listen()
            socket.create_connection(("127.0.0.1", port.port), timeout=1).close()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port.port))
    port.close()
