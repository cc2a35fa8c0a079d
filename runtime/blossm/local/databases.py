"""The databases of a local network on a server of MongoDB: one for each log with its states, one for each view store."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from blossm.model.network import Network, Ref
from blossm.serve.where import InMongo, Server

LIMIT = 38  # bytes: Atlas has no longer names below M10, MongoDB itself 63
_WORDS = {"event-store": "log", "view-store": "view"}
_DIGITS = 8
_LOOKS_HASHED = re.compile(rf"[0-9a-f]{{{_DIGITS}}}")


class Databases:
    """The network's databases on one server. Implements `places.Places`."""

    def __init__(self, network: Network, server: Server) -> None:
        self._network = network
        self.server = server

    @property
    def shown(self) -> str:
        return self.server.shown

    @property
    def databases(self) -> tuple[str, ...]:
        return tuple(where.database for where in self.all().values())

    def log(self, service: str) -> InMongo:
        return self._of(Ref("event-store", service))

    def states(self, service: str) -> InMongo:
        return self._of(Ref("event-store", service))

    def view(self, address: str) -> InMongo:
        return self._of(Ref("view-store", address))

    def all(self) -> Mapping[Ref, InMongo]:
        """All that there are."""
        return {ref: self._of(ref) for ref in refs_of(self._network)}

    def _of(self, ref: Ref) -> InMongo:
        return InMongo(self.server, database_of(self._network.name, ref))


def refs_of(network: Network) -> list[Ref]:
    """What has a database of its own: every log, by its service, and every view store."""
    return [*(Ref("event-store", service) for service in network.services), *(view.ref for view in network.view_stores.values())]


def database_of(network: str, ref: Ref) -> str:
    """The name of a database, from names alone: `bicyclecity-example-log-shop`.

    One that is too long, or could be that of other names, has a part of them and digits that stand for all.
    """
    word = _WORDS[ref.kind]
    around = [*network.split("."), *ref.address.split(".")]
    own = "-".join((word, *ref.address.split(".")))
    head = network.replace(".", "-")
    if len(name := f"{head}-{own}") <= LIMIT and not any(map(_ambiguous, around)):
        return name
    digest = hashlib.sha256("\0".join((network, word, ref.address)).encode()).hexdigest()[:_DIGITS]
    own = own[: LIMIT - _DIGITS - 1]
    head = head[: max(LIMIT - _DIGITS - 2 - len(own), 0)].rstrip("-")
    return "-".join(part for part in (head, digest, own) if part)


def _ambiguous(part: str) -> bool:
    return "-" in part or part in _WORDS.values() or _LOOKS_HASHED.fullmatch(part) is not None
