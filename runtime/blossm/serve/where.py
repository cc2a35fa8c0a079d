"""Where a procedure keeps what it keeps: in memory, in a file, or in a database of MongoDB."""

from __future__ import annotations

import re
from typing import Any

import msgspec

_SECRET = re.compile(r"password|session_token", re.IGNORECASE)


class Server(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A deployment of MongoDB, and who comes in. Only `shown` may be told or kept: the rest holds secrets."""

    address: str  # mongodb://… or mongodb+srv://…
    user: str = ""
    password: str = ""

    @property
    def shown(self) -> str:
        """The address without credentials."""
        place, mark, options = self.address.partition("?")
        scheme, slashes, rest = place.partition("://")
        told = [option for option in options.split("&") if option and not _SECRET.search(option)]
        return f"{scheme}{slashes}{rest.rpartition('@')[2]}{mark if told else ''}{'&'.join(told)}"

    @property
    def holds_credentials(self) -> bool:
        """Whether they stand in the address itself."""
        return self.shown.removesuffix("?") != self.address.removesuffix("?")

    def __repr__(self) -> str:
        return f"Server({self.shown!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("address", self.shown)]


class InMongo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A database of a deployment."""

    server: Server
    database: str


Where = str | InMongo  # a path; empty: in memory

MEMORY: Where = ""
