"""Serves commands."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from blossm.core.errors import Internal
from blossm.core.idempotency import new_id
from blossm.model.network import Network, Ref
from blossm.ports import Clock, CommandClient
from blossm.procedures.callers import Callers
from blossm.rpc.call import Call
from blossm.rpc.envelope.request import cookies_to_wire, refs_to_wire
from blossm.rpc.serving.asked import missing, request_of
from blossm.rpc.serving.foreign import check_known
from blossm.rpc.types import Types
from blossm.rpc.v1 import command_pb2 as pb


class CommandService:
    """Some of a network's commands, by address."""

    def __init__(
        self, commands: Mapping[str, CommandClient], *, network: Network, types: Types, callers: Callers, clock: Clock
    ) -> None:
        self._commands = commands
        self._network = network
        self._types = types
        self._callers = callers
        self._clock = clock

    async def call(self, request: pb.CallRequest, call: Call) -> pb.CallResponse:
        """A payload that does not fit its schema goes to the command as it is, which names all that is off."""
        address = request.address
        callee = Ref("command", address)
        self._callers.check(call.caller, callee)
        if address not in self._commands:
            raise missing(callee)
        check_known(request)
        types = self._types
        payload = {}
        if request.HasField("payload"):
            payload = types.unpack(types.payload(address), request.payload, strict=True, at="payload")
        spec = self._network.commands[address]
        key, fresh = (request.key, request.fresh) if request.key else (new_id(), True)
        asked = request_of(request, payload, call, spec=spec, clock=self._clock, key=key, fresh=fresh)
        answer = await self._commands[address].call(asked)
        response, pack = answer.response, partial(types.pack, types.response(address), at="response", otherwise=Internal)
        return pb.CallResponse(
            response=None if response is None else pack(response),
            root=answer.root,
            events=refs_to_wire(answer.events),
            cookies=cookies_to_wire(answer.cookies),
            tx=answer.tx,
            status=answer.status,
            service=answer.service,
            position=answer.position,
        )
