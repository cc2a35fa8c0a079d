"""Calls by the operator: a command, a fact or a view by its address, past the doors and their access rules."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import orjson

from blossm.core.access import kept
from blossm.core.errors import BadRequest, NotFound, Unauthenticated
from blossm.core.event import Tx
from blossm.core.idempotency import new_id
from blossm.core.query_text import view_query
from blossm.core.request import Answer, Request
from blossm.core.root import meant_root
from blossm.core.view import Row
from blossm.local.operated import Operated
from blossm.local.words import payload_of
from blossm.model.diagnostics import did_you_mean
from blossm.model.network import CommandSpec, FactSpec, ViewStoreSpec
from blossm.ports import Clock

Document = dict[str, Any]


class Call(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A command to issue, a fact to read, a view to query. `words` are texts that are read as their fields want them.

    With a `token` the procedure gets its claims and contexts, and a view shows what it shows to them.
    """

    address: str
    payload: dict[str, Any] = {}
    words: dict[str, list[str]] = {}
    root: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """What a token says of who calls; the operator itself has none of it."""

    context: dict[str, str] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    signed_in: bool = False


class Calls:
    """Calls procedures of one network. `key`: the development key's file."""

    def __init__(self, operated: Operated, *, key: Path) -> None:
        self._operated = operated
        self._key = key

    async def run(self, call: Call) -> AsyncGenerator[Document, None]:
        """The answer: one document, or one for each item of a streamed fact."""
        network = self._operated.network
        caller = await self._caller(call.token)
        match network.commands.get(call.address) or network.facts.get(call.address) or network.view_stores.get(call.address):
            case CommandSpec() as command:
                request = self._request(command, call, caller, call.payload | payload_of(call.words, command.payload))
                yield answered(await self._operated.operator.command(command.address).call(request))
            case FactSpec() as fact:
                request = self._request(fact, call, caller, call.payload | payload_of(call.words, fact.query))
                async for document in self._told(fact, request):
                    yield document
            case ViewStoreSpec() as view:
                yield await self._shown(view, call, caller)
            case None:
                known = [*network.commands, *network.facts, *network.view_stores]
                raise NotFound(
                    f"there is no command, fact or view {call.address}", help=did_you_mean(call.address, known)
                )

    def _request(self, spec: CommandSpec | FactSpec, call: Call, caller: Caller, payload: dict[str, Any]) -> Request:
        return request_to(
            spec, payload, root=call.root, context=caller.context, claims=caller.claims, clock=self._operated.clock
        )

    async def _told(self, fact: FactSpec, request: Request) -> AsyncGenerator[Document, None]:
        client = self._operated.operator.fact(fact.address)
        if not fact.stream:
            yield {"kind": "fact", "response": (await client.read(request)).response}
            return
        async for item in client.stream(request):
            yield {"kind": "item", "item": item}

    async def _shown(self, view: ViewStoreSpec, call: Call, caller: Caller) -> Document:
        await self._operated.caught_up(view.address)
        store = self._operated.operator.view_store(view.address)
        context = self._context_of(view, caller)
        id = call.root or (context if view.one else None)
        if id:
            return {"kind": "row", **row(await store.get(id, context=context))}
        words = [(name, value) for name, values in call.words.items() for value in values]
        raw = [(name, value if isinstance(value, str) else orjson.dumps(value).decode()) for name, value in call.payload.items()]
        page = await store.query(view_query(view, words + raw, context=context))
        document: Document = {"kind": "view", "content": [row(found) for found in page.content], "next": page.next}
        return document | ({"count": page.count} if page.count is not None else {})

    def _context_of(self, view: ViewStoreSpec, caller: Caller) -> str | None:
        """The root whose rows are seen; None for all of them, which is the operator's to see."""
        if not (view.context and caller.signed_in):
            return None
        if view.context not in caller.context:
            raise BadRequest(f"the token lacks the context {view.context}", facts={"contexts": [view.context]})
        return caller.context[view.context]

    async def _caller(self, token: str) -> Caller:
        """What a token says. Raises Unauthenticated for one that no issuer of the network made."""
        if not token:
            return Caller()
        from blossm.procedures.doors.tokens import TokenCheck, issuer_of  # cryptography, only when it is needed
        from blossm.serve.keys import development_keys

        network, clock = self._operated.network, self._operated.clock
        check = TokenCheck(network=network, keys=development_keys(network, self._key, clock=clock), clock=clock)
        refusal = Unauthenticated("this network believes no issuer")
        for issuer in network.issuers or [""]:
            try:
                found = await check.token(token.strip(), issuer_of(network, issuer))
            except Unauthenticated as error:
                refusal = error
            else:
                return Caller(dict(found.context), dict(found.claims), signed_in=True)
        raise refusal


def request_to(
    spec: CommandSpec | FactSpec,
    payload: Mapping[str, Any],
    *,
    root: str,
    context: Mapping[str, str],
    claims: Mapping[str, Any],
    clock: Clock,
) -> Request:
    """A request that begins here. Raises BadRequest for a root that the procedure does not take, or lacks."""
    return Request(
        address=spec.address,
        payload=dict(payload),
        root=meant_root(spec, root or None, context),
        context=dict(context),
        claims=dict(claims),
        key=new_id(),
        fresh=True,
        tx=Tx(new_id(), claims=kept(claims)),
        deadline=clock.monotonic() + spec.shape.timeout,
    )


def answered(answer: Answer) -> Document:
    """What a command answered, as data."""
    return {
        "kind": "command",
        "root": answer.root,
        "response": answer.response,
        "events": [msgspec.to_builtins(event) for event in answer.events],
        "status": answer.status,
        "tx": answer.tx,
    }


def row(found: Row) -> Document:
    return {"id": found.id, "body": found.body} | ({"context": found.context} if found.context else {})
