"""Whether what was logged long ago can be read today: stored payloads, lifted by today's upcasters."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from typing import Any

from blossm.core.errors import NotFound
from blossm.core.event import LoggedEvent, Tx
from blossm.core.payload import Contract
from blossm.handlers.folds import fold_of
from blossm.handlers.modules import Modules
from blossm.model.diagnostics import did_you_mean
from blossm.model.network import Action, EventStoreSpec
from blossm.model.search import find_root
from blossm.testing.found import caller_of, network_of


def lifted(address: str, payload: Mapping[str, Any], *, version: int) -> dict[str, Any]:
    """What an event of this version is read as today: `lifted("shop.bicycle.painted", {"colour": "red"}, version=1)`.

    Raises BadRequest where that does not fit today's schema, Internal where an upcaster raises.
    """
    path = caller_of(inspect.currentframe())
    store, action = _action(network_of(path).event_stores, address)
    modules = Modules(find_root(path.parent))
    try:
        fold = fold_of(store, modules)
    finally:
        modules.forget()
    event = LoggedEvent(
        id="sample",
        domain=store.domain,
        service=store.service,
        network="",
        root="",
        action=action.name,
        version=version,
        number=1,
        position=1,
        created="",
        committed="",
        payload=copy.deepcopy(dict(payload)),
        context={},
        tx=Tx("sample"),
    )
    found = fold.lift(event).payload
    Contract.of(action.payload, at="payload").validate(found)
    return found


def _action(stores: Mapping[str, EventStoreSpec], address: str) -> tuple[EventStoreSpec, Action]:
    store, _, name = address.rpartition(".")
    if store not in stores or name not in stores[store].actions:
        known = [f"{each}.{action}" for each, spec in stores.items() for action in spec.actions]
        raise NotFound(f"there is no action {address}", help=did_you_mean(address, known))
    return stores[store], stores[store].actions[name]
