"""A network that is killed in the middle of its work loses nothing that it acknowledged, and does nothing twice."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from tests.e2e.conftest import Dev
from tests.e2e.process import Running, blossm, copied, documents

CLIENTS = 6
ENOUGH = 60  # acknowledged commands, in each round, before the kill


@dataclass(slots=True)
class Ringing:
    """Clients that ring bells until the network is gone: what it acknowledged, and what they don't know the outcome of."""

    berths: list[str]
    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)  # idempotency key → answer
    unknown: dict[str, str] = field(default_factory=dict)  # idempotency key → berth
    enough: threading.Event = field(default_factory=threading.Event)
    least: int = 0

    def ring(self, url: str, name: str) -> None:
        with httpx.Client(base_url=url, timeout=30) as client:
            for number in range(10_000):
                key, berth = f"{name}-{number}", self.berths[number % len(self.berths)]
                try:
                    answer = ask(client, key, berth)
                except httpx.TransportError:
                    self.unknown[key] = berth
                    return
                if answer.status_code != 409:  # lost its race more often than it tries: it was told so
                    assert answer.status_code == 200, answer.text
                    self.acknowledged[key] = answer.json()
                if len(self.acknowledged) >= self.least + ENOUGH:
                    self.enough.set()

    def until_killed(self, network: Running, round: str) -> None:
        self.least = len(self.acknowledged)
        self.enough.clear()
        clients = [
            threading.Thread(target=self.ring, args=(network.url, f"{round}-{client}")) for client in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        assert self.enough.wait(timeout=60)
        network.process.send_signal(signal.SIGKILL)
        for client in clients:
            client.join()


def ask(client: httpx.Client, key: str, berth: str) -> httpx.Response:
    return client.post("/c.berth.port/ring", json={"root": berth}, headers={"Idempotency-Key": key})


def opened(client: httpx.Client, name: str) -> str:
    answer = client.post("/c.berth.port/ring", json={"payload": {"name": name}})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["root"])


def logged_of(root: Path) -> list[dict[str, Any]]:
    return documents(blossm("events", "--json", "--network", str(root)))


def test_every_acknowledged_event_is_there_once_and_the_view_is_a_fold_of_the_log(dev: Dev, tmp_path: Path) -> None:
    root = copied(tmp_path)
    with dev(root) as network, network.client() as client:
        berths = [opened(client, name) for name in "ABC"]
        ringing = Ringing(berths)
        ringing.until_killed(network, "first")
    with dev(root) as network:
        ringing.until_killed(network, "second")
    assert len(ringing.acknowledged) >= 2 * ENOUGH

    with dev(root) as network, network.client() as client:
        for key, berth in ringing.unknown.items():
            answer = ask(client, key, berth)  # did it happen? Repeated under its key, it happens once either way
            assert answer.status_code == 200
            ringing.acknowledged[key] = answer.json()
        position = client.post("/c.berth.port/ring", json={"root": berths[0]}).headers["blossm-position"]
        events = logged_of(root)
        rung = Counter(event["root"] for event in events if event["action"] == "rung")
        for berth in berths:
            row = client.get(f"/v/berths/{berth}", params={"min_position": position}).json()
            assert row["body"]["bells"] == rung[berth]
        assert network.stop()[0] == 0

    assert [event["position"] for event in events] == list(range(1, len(events) + 1))
    named = Counter((event["root"], event["number"]) for event in events)
    assert set(named.values()) == {1}
    for key, acknowledged in ringing.acknowledged.items():
        for event in acknowledged["events"]:
            assert named[event["root"], event["number"]] == 1, key
    # The three that opened the berths and the one that asked for the position are not the clients'.
    assert sum(rung.values()) == len(ringing.acknowledged) + len(berths) + 1
