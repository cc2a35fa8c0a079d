"""The message types of one network, and payloads in them: packed into `Any`s, and taken out again.

Whoever sends packs a value in its type, or as JSON where it has none or does not fit it. So a payload that is off
arrives as it is, and the callee says of each field what is wrong, as it does in process.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import orjson
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from blossm.core import strict_json
from blossm.core.errors import BadRequest, BlossmError, FieldProblem, Unavailable
from blossm.core.payload import Contract
from blossm.core.plain_json import is_plain
from blossm.model.contract import naming
from blossm.model.contract.build import row_fields, state_fields
from blossm.model.fields import Field, Fields
from blossm.model.network import Network
from blossm.rpc.codec import PREFIX, Codec, Unfit, Unreadable
from blossm.rpc.pool import private_pool
from blossm.rpc.v1.envelope_pb2 import Json

JSON_URL = PREFIX + Json.DESCRIPTOR.full_name


class Packed(Protocol):
    """A `google.protobuf.Any`."""

    type_url: str
    value: bytes


class Types:
    """The codecs of a network's messages. A lookup answers None for what has no message of its own."""

    def __init__(self, network: Network) -> None:
        self.pool: Any = private_pool(network)
        self._events = {
            (store.service, store.domain, name): self._codec(naming.event_message(store.address, name), action.payload)
            for store in network.event_stores.values()
            for name, action in store.actions.items()
        }
        self._states = {
            (store.service, store.domain): self._codec(naming.state_message(store.address), state_fields(store.schema))
            for store in network.event_stores.values()
        }
        self._payloads = self._requests({command.address: command.payload for command in network.commands.values()})
        self._queries = self._requests({fact.address: fact.query for fact in network.facts.values()})
        self._responses = self._answers({command.address: command.response for command in network.commands.values()})
        self._facts = self._answers({fact.address: fact.response for fact in network.facts.values()})
        self._rows = {
            view.address: self._codec(naming.row_message(view.address), row_fields(view.schema))
            for view in network.view_stores.values()
        }

    def event(self, service: str, domain: str, action: str) -> Codec | None:
        return self._events.get((service, domain, action))

    def state(self, service: str, domain: str) -> Codec | None:
        return self._states.get((service, domain))

    def payload(self, address: str) -> Codec | None:
        """Of a command."""
        return self._payloads.get(address)

    def response(self, address: str) -> Codec | None:
        """Of a command."""
        return self._responses.get(address)

    def query(self, address: str) -> Codec | None:
        """Of a fact."""
        return self._queries.get(address)

    def answer(self, address: str) -> Codec | None:
        """Of a fact: its response, or one item of its stream."""
        return self._facts.get(address)

    def row(self, address: str) -> Codec | None:
        """Of a view."""
        return self._rows.get(address)

    def message(self, full_name: str) -> type[Message]:
        """The class of any message of the network or the platform."""
        return GetMessageClass(self.pool.FindMessageTypeByName(full_name))

    def pack(
        self, codec: Codec | None, value: Any, *, at: str = "payload", otherwise: type[BlossmError] = BadRequest
    ) -> dict[str, Any]:
        """The arguments of an `Any`. What is not even JSON raises `otherwise`, which says all that the callee would have said."""
        if codec is not None:
            try:
                return {"type_url": codec.type_url, "value": codec.encode(value)}
            except Unfit:
                pass
        if not is_plain(value):
            raise otherwise(f"the {at} is off", **_off(codec, value, at))
        text = orjson.dumps(value).decode()
        return {"type_url": JSON_URL, "value": Json(text=text).SerializeToString()}

    def unpack(self, codec: Codec | None, message: Packed, *, strict: bool, at: str) -> Any:
        """The value of an `Any`.

        `strict` is for what is asked for: another type, bytes that are not of it, and fields that this contract does not
        have raise BadRequest. What is answered may be of a newer contract: its new fields are dropped, but what can't be
        understood raises Unavailable, so that a reader waits rather than steps over it.
        """
        try:
            if codec is not None and _is(message.type_url, codec.type_url):
                return codec.decode_strictly(message.value) if strict else codec.decode(message.value)
            if _is(message.type_url, JSON_URL):
                return _json(message.value, at if strict else "")
            raise Unreadable([FieldProblem("", _wrong_type(codec, message.type_url))])
        except Unreadable as error:
            fields = [FieldProblem(at + field.path, field.problem) for field in error.fields]
            facts = {"type": message.type_url, "expected": codec.type_url if codec else JSON_URL}
            if strict:
                raise BadRequest(f"the {at} is off", fields=fields, facts=facts) from error
            told = f"this process knows an older contract: the {at} can't be read"
            raise Unavailable(told, fields=fields, facts=facts, help="deploy it with the new blossm.yaml") from error

    def _codec(self, name: str, fields: Fields) -> Codec:
        return Codec(self.pool.FindMessageTypeByName(name), fields)

    def _requests(self, fields: Mapping[str, Fields]) -> dict[str, Codec]:
        return {address: self._codec(naming.request_message(address), of) for address, of in fields.items()}

    def _answers(self, responses: Mapping[str, Field | None]) -> dict[str, Codec]:
        return {
            address: Codec.of_response(self.pool.FindMessageTypeByName(naming.response_message(address)), response)
            for address, response in responses.items()
            if response is not None
        }


def _off(codec: Codec | None, value: Any, at: str) -> dict[str, Any]:
    """What the callee would have said of a value that can't be sent."""
    try:
        Contract.of_field(codec.field if codec else None, at=at).validate(value)
    except BadRequest as error:
        return {"fields": error.fields, "facts": error.facts}
    return {}


def _is(url: str, expected: str) -> bool:
    """Whatever is before the last slash says where a type could be looked up, not which it is."""
    return url == expected or ("/" in url and url.rpartition("/")[2] == expected.removeprefix(PREFIX))


def _wrong_type(codec: Codec | None, url: str) -> str:
    expected = f"{codec.type_url.removeprefix(PREFIX)} or " if codec else ""
    found = f"is of the type {url.removeprefix(PREFIX)!r}" if url else "has no type"
    return f"{found}, not {expected}{JSON_URL.removeprefix(PREFIX)}"


def _json(data: bytes, at: str) -> Any:
    """The value of a `Json`; with `at` as a door takes it, which raises BadRequest."""
    try:
        text = Json.FromString(data).text
        return strict_json.parse(text.encode(), at=at) if at else orjson.loads(text)
    except (DecodeError, orjson.JSONDecodeError) as error:
        raise Unreadable([FieldProblem("", "is not JSON")]) from error
