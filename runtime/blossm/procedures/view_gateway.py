"""View gateway: `GET /<view>[/<id>]?…` queries a view, once or, with `Accept: text/event-stream`, live."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response

from blossm.core.query_text import min_position, view_query
from blossm.core.view import Query, Row
from blossm.model.network import Network, ViewGatewaySpec, ViewStoreSpec
from blossm.ports import Clients, Clock, Keys, ViewStoreClient
from blossm.procedures.doors.door import Caller, Door
from blossm.procedures.doors.live import LIFE, Ask, live
from blossm.procedures.doors.openapi import view_document
from blossm.procedures.doors.streams import EVENTS, Streamed
from blossm.procedures.doors.tokens import SKEW
from blossm.procedures.doors.visit import Visit


class ViewGateway:
    """Permits access to views."""

    def __init__(self, *, spec: ViewGatewaySpec, network: Network, clients: Clients, keys: Keys, clock: Clock) -> None:
        self._clients = clients
        self._clock = clock
        self._views = {name: network.view_stores[entry.target.address] for name, entry in spec.entries.items()}
        self.app = Door(
            spec=spec,
            network=network,
            clients=clients,
            keys=keys,
            clock=clock,
            methods=("GET", "HEAD"),
            timeouts={name: view.shape.timeout for name, view in self._views.items()},
            serve=self._show,
            document=lambda: view_document(spec, network),
        )

    async def _show(self, visit: Visit, caller: Caller) -> Response:
        view = self._views[caller.entry.name]
        store = self._clients.view_store(view.address)
        ask = self._question(visit, caller, view, store)
        if not visit.accepts(EVENTS):
            return Response(orjson.dumps(await ask()), media_type="application/json")
        if visit.method == "HEAD":
            return Response(media_type=EVENTS)
        return await self._live(visit, caller, ask, store)

    def _question(self, visit: Visit, caller: Caller, view: ViewStoreSpec, store: ViewStoreClient) -> Ask:
        """What the visit asks, filtered to the caller's context in the store's own query."""
        caller.needs([view.context] if view.context else [])
        context = caller.context[view.context] if view.context else None
        id = context if view.one and not visit.rest else visit.rest
        pairs = visit.pairs()
        if id is None:
            query = view_query(view, pairs, context=context)
            return lambda: _page(store, query)
        seen = min_position(pairs)
        return lambda: _row(store, id, context=context, seen=seen)

    async def _live(self, visit: Visit, caller: Caller, ask: Ask, store: ViewStoreClient) -> Response:
        first = await ask()  # what is wrong with the query is a status, not an event
        now = self._clock.monotonic()
        left = caller.token.expires + SKEW - self._clock.now().timestamp() if caller.token else LIFE
        items = live(
            first,
            ask=ask,
            store=store,
            clock=self._clock,
            until=now + min(LIFE, left),
            seen=visit.header(b"last-event-id"),
            told=lambda error: self.app.told(error, visit),
        )
        return Streamed(items, items=items, media_type=EVENTS)


async def _page(store: ViewStoreClient, query: Query) -> dict[str, Any]:
    page = await store.query(query)
    document: dict[str, Any] = {"content": [_shown(row) for row in page.content], "next": page.next or None}
    return document if page.count is None else document | {"count": page.count}


async def _row(store: ViewStoreClient, id: str, *, context: str | None, seen: dict[str, int]) -> dict[str, Any]:
    return _shown(await store.get(id, context=context, min_position=seen))


def _shown(row: Row) -> dict[str, Any]:
    return {"id": row.id, "body": row.body}
