"""Each kind of procedure as a process of its own, reached as others reach it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from tests.serve.tower import (
    BELL,
    DOOR,
    FACTS,
    FORWARDS,
    LOG,
    PROJECTION,
    RING,
    RINGS,
    SOON,
    VIEW,
    VIEWS,
    Process,
    Tower,
    request,
)

from blossm.adapters.clock import SystemClock
from blossm.core.errors import PermissionDenied, Unauthenticated
from blossm.core.position import encode_position
from blossm.ports import Clients
from blossm.rpc.client import Reach, WireClients
from blossm.rpc.keys import key_for
from blossm.serve.forwarding import HEADER, forwarded

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_command_logs_a_fact_reads_and_a_projection_fills_a_view(tower: Tower) -> None:
    processes = await tower.ready(LOG, VIEW, RING, RINGS, PROJECTION)
    async with tower.clients() as clients:
        answer = await clients.command(RING.address).call(request(RING, {"times": 3}))
        assert (answer.response, len(answer.events)) == ({"pid": processes[2].child.pid}, 3)
        assert (await clients.fact(RINGS.address).read(request(RINGS))).response == {"rings": 3}
        row = await clients.view_store(VIEW.address).get(BELL, min_position={"tower": answer.position})
        assert row.body == {"rings": 3}
    assert len({process.child.pid for process in processes} | {os.getpid()}) == 6


async def test_a_process_says_how_it_is(tower: Tower) -> None:
    _, _, ring, projection = await tower.ready(LOG, VIEW, RING, PROJECTION)
    async with tower.clients() as clients:
        answer = await clients.command(RING.address).call(request(RING))
        await clients.view_store(VIEW.address).get(BELL, min_position={"tower": answer.position})
    status = await ring.status()
    assert (status.requests, status.errors, status.projection) == (1, 0, None)
    assert status.started.endswith("Z")
    followed = (await projection.status()).projection
    assert followed
    assert (followed["state"], followed["services"]["tower"]["position"]) == ("live", answer.position)


async def test_a_projection_says_by_http_that_it_is_there_and_nothing_else(tower: Tower) -> None:
    *_, projection = await tower.ready(LOG, VIEW, PROJECTION)
    async with httpx.AsyncClient(base_url=f"http://{projection.address}") as http:
        assert (await http.get("/healthz")).json() == {"status": "ok"}
        assert (await http.post("/healthz")).status_code == 405
        assert (await http.get("/rows")).status_code == 404


async def test_who_has_no_key_or_no_edge_is_refused(tower: Tower) -> None:
    await tower.ready(LOG, RING)

    def reached(key: str) -> Clients:
        reach = {RING: Reach(tower.addresses[RING], key)}
        return WireClients(network=tower.network, types=tower.types, reach=reach, clock=SystemClock())

    secret = f"the secret of {RING.kind} {RING.address}".encode()
    for key, refusal in (
        ("operator:guessed", Unauthenticated),
        (key_for(RINGS, b"another secret"), Unauthenticated),
        (key_for(RINGS, secret), PermissionDenied),
    ):
        with pytest.raises(refusal):
            await reached(key).command(RING.address).call(request(RING))
    answer = await reached(key_for(DOOR, secret)).command(RING.address).call(request(RING))
    assert len(answer.events) == 1


async def test_gateways_show_facts_and_views(tower: Tower) -> None:
    *_, facts, views = await tower.ready(LOG, VIEW, RING, RINGS, PROJECTION, FACTS, VIEWS)
    async with tower.clients() as clients:
        answer = await clients.command(RING.address).call(request(RING))
    headers = {HEADER: forwarded(FORWARDS, client="10.0.0.1", root_path="")}
    async with httpx.AsyncClient(headers=headers, timeout=SOON) as http:
        assert (await http.get(f"http://{facts.address}/rings/{BELL}")).json() == {"rings": 1}
        seen = {"min_position": encode_position({"tower": answer.position})}
        row = await http.get(f"http://{views.address}/bells/{BELL}", params=seen)
        assert row.json()["body"] == {"rings": 1}


@pytest_asyncio.fixture(loop_scope="module")
async def door(tower: Tower) -> Process:
    return (await tower.ready(LOG, RING, DOOR))[-1]


async def rung(door: Process, header: str = "") -> httpx.Response:
    async with httpx.AsyncClient(base_url=f"http://{door.address}", timeout=SOON) as http:
        headers = {HEADER: header} if header else {}
        return await http.post("/c.bell.tower/ring", json={"root": BELL}, headers=headers)


async def test_a_gateway_knows_whose_request_was_passed_on(door: Process) -> None:
    def by(client: str) -> str:
        return forwarded(FORWARDS, client=client, root_path="/c.bell.tower")

    statuses = [(await rung(door, by(client))).status_code for client in ("10.0.0.1", "10.0.0.1", "::2")]
    assert statuses == [200, 429, 200]  # one ring a minute for each of them
    status = await door.status()
    assert (status.requests, status.errors) == (3, 0)


async def test_a_gateway_believes_and_serves_only_who_knows_its_secret(door: Process) -> None:
    assert (await rung(door)).status_code == 403
    assert (await rung(door, forwarded("guessed", client="10.0.0.1", root_path="/c.bell.tower"))).status_code == 403
    async with httpx.AsyncClient(base_url=f"http://{door.address}") as http:
        assert (await http.get("/healthz")).json() == {"status": "ok"}


async def test_nothing_that_serving_does_not_need_is_imported(tmp_path: Path, tower: Tower) -> None:
    """The handler looks from inside; click is not among them, since uvicorn imports it."""
    commands = tmp_path / "network" / "tower" / "bell" / "commands.py"
    seen = tmp_path / "seen"
    commands.write_text(
        "import sys\nfrom pathlib import Path\n"
        f"Path({str(seen)!r}).write_text(' '.join(sys.modules))\n{commands.read_text()}"
    )
    await tower.ready(LOG, RING)
    modules = set(seen.read_text().split())
    unwanted = ("pydantic", "yaml", "blossm.cli", "blossm.local", "blossm.model.load", "blossm.replay", "pytest")
    assert {"grpc", "blossm.rpc.server"} <= modules
    assert [name for name in unwanted if name in modules] == []


async def test_processes_begin_at_once(tower: Tower) -> None:
    [log] = await tower.ready(LOG)
    commands = await asyncio.gather(*(tower.start(RING) for _ in range(5)))
    assert len({process.address for process in (log, *commands)}) == 6
