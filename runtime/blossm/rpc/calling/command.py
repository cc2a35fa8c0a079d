"""A command over a wire."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration

from blossm.core.errors import BlossmError, DeadlineExceeded
from blossm.core.idempotency import new_id
from blossm.core.request import Answer, Request
from blossm.handlers.run import late
from blossm.model.network import CommandSpec
from blossm.ports import Clock
from blossm.rpc.calling.asked import asked_to_wire, duration, left_of, sent
from blossm.rpc.calling.line import BrokenOff, Line
from blossm.rpc.envelope.request import cookies_from_wire, refs_from_wire
from blossm.rpc.types import Types
from blossm.rpc.v1 import command_pb2 as pb

METHOD = "/blossm.rpc.v1.CommandService/Call"


class WireCommand:
    """Implements `ports.CommandClient`. Who calls is known by the line's key."""

    def __init__(self, line: Line, *, spec: CommandSpec, types: Types, clock: Clock) -> None:
        self._line = line
        self._spec = spec
        self._types = types
        self._clock = clock
        self._payload = types.payload(spec.address)
        self._response = types.response(spec.address)

    async def call(self, request: Request) -> Answer:
        """See `ports.CommandClient.call`. What may have been done is asked for again under its key, so that it acts once.

        Raises DeadlineExceeded when that does not help either, Unavailable when it was surely not done.
        """
        left = left_of(request, self._clock)
        message = sent(lambda: self._message(request, left), request, self._spec.payload, at="payload")

        def again(problem: BlossmError) -> None:
            message.fresh = False
            message.timeout.CopyFrom(Duration(**duration(request.deadline - self._clock.monotonic())))

        try:
            answer = await self._line.ask(METHOD, message, pb.CallResponse, timeout=left, again=True, before_again=again)
        except BrokenOff as error:
            raise _unknown(error) from error
        return self._answer(answer)

    def _message(self, request: Request, left: float) -> pb.CallRequest:
        return pb.CallRequest(
            payload=self._types.pack(self._payload, request.payload),
            key=request.key or new_id(),
            fresh=request.fresh or not request.key,
            **asked_to_wire(request, left=left),
        )

    def _answer(self, answer: pb.CallResponse) -> Answer:
        response = None
        if answer.HasField("response"):
            response = self._types.unpack(self._response, answer.response, strict=False, at="response")
        return Answer(
            response=response,
            root=answer.root,
            events=refs_from_wire(answer.events) if answer.events else (),
            cookies=cookies_from_wire(answer.cookies) if answer.cookies else (),
            tx=answer.tx,
            status=answer.status,
            service=answer.service,
            position=answer.position,
        )


def _unknown(error: BrokenOff) -> DeadlineExceeded:
    """The connection broke, and nobody could be asked what became of the command."""
    told = late()
    return DeadlineExceeded(told.message, facts=error.facts | {"problem": error.message}, help=told.help)
