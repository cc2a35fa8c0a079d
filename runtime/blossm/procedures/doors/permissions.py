"""What a token's subject may do: what the network's permissions fact says, or else the token and its roles."""

from __future__ import annotations

from typing import Any

from blossm.core.access import Token, permissions_of, subject_root
from blossm.core.errors import Internal, NotFound
from blossm.core.event import Tx
from blossm.core.request import Request
from blossm.model.network import Network
from blossm.ports import Clients, Clock
from blossm.procedures.doors.remembered import Remembered

FRESH = 5.0  # seconds for which a fact's answer is used again
SUBJECTS = 10_000


class Permissions:
    """Looks permissions up, for one door."""

    def __init__(self, *, network: Network, clients: Clients, clock: Clock) -> None:
        self._fact = network.permissions_fact
        self._roles = network.roles
        self._clients = clients
        self._clock = clock
        self._known: Remembered[str, frozenset[str]] = Remembered(SUBJECTS)

    async def of(self, token: Token, *, tx: Tx, deadline: float) -> frozenset[str]:
        """Raises what asking the fact raises; a subject that it does not know may do nothing."""
        if not self._fact:
            return permissions_of(token, self._roles)
        now = self._clock.monotonic()
        if (known := self._known.get(token.principal, now)) is not None:
            return known
        found = await self._asked(token, tx=tx, deadline=deadline)
        self._known.put(token.principal, found, until=now + FRESH)
        return found

    async def _asked(self, token: Token, *, tx: Tx, deadline: float) -> frozenset[str]:
        request = Request(
            address=self._fact,
            root=subject_root(token),
            context=dict(token.context),
            claims=dict(token.claims),
            tx=tx,
            deadline=deadline,
        )
        try:
            answer = await self._clients.fact(self._fact).read(request)
        except NotFound:
            return frozenset()
        return _words(answer.response)


def _words(response: Any) -> frozenset[str]:
    words = response.get("permissions") if isinstance(response, dict) else None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise Internal("the permissions fact must answer {permissions: [string]}")
    return frozenset(words)
