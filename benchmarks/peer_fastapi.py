"""The peer of bench_command.py: what one would write without Blossm. A FastAPI handler that does one durable INSERT.

    python benchmarks/peer_fastapi.py FILE

The fastest plain form of it on one process: the connection is opened once, and the INSERT runs right in the handler (a
thread for each would cost more than it waits). Served by uvicorn as Blossm's own doors are.
"""

from __future__ import annotations

import socket
import sqlite3
import sys
from typing import Any
from uuid import UUID

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Payload(BaseModel):
    text: str


class Note(BaseModel):
    root: UUID
    payload: Payload


def opened(file: str) -> sqlite3.Connection:
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, root TEXT NOT NULL, payload TEXT NOT NULL)")
    return database


@app.post("/note")
async def note(note: Note) -> dict[str, Any]:
    row = app.state.database.execute(
        "INSERT INTO notes (root, payload) VALUES (?, ?) RETURNING id", (str(note.root), note.payload.model_dump_json())
    ).fetchone()
    return {"root": str(note.root), "id": row[0]}


if __name__ == "__main__":
    app.state.database = opened(sys.argv[1])
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print(f"ready http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(app, http="httptools", loop="uvloop", ws="none", lifespan="off", access_log=False, log_level="error")
    uvicorn.Server(config).run(sockets=[listener])
