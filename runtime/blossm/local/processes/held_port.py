"""A port of this machine that stays ours between two processes that listen there."""

from __future__ import annotations

import socket

from blossm.serve.config import Listen

HOST = "127.0.0.1"


class HeldPort:
    """Bound and shared, but not listening: connections go to the process that does, and are refused while none does."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._socket.bind((HOST, 0))
        self.port: int = self._socket.getsockname()[1]

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def listen(self) -> Listen:
        """Where the process is to listen."""
        return Listen(host=HOST, port=self.port, shared=True)

    def close(self) -> None:
        self._socket.close()
