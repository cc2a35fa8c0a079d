import datetime

from blossm.rpc.v1 import envelope_pb2 as _envelope_pb2
from blossm.rpc.v1 import event_pb2 as _event_pb2
from google.protobuf import any_pb2 as _any_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CallRequest(_message.Message):
    __slots__ = ("address", "payload", "root", "options", "context", "claims", "key", "fresh", "tx", "traceparent", "timeout")
    class ContextEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    CLAIMS_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    FRESH_FIELD_NUMBER: _ClassVar[int]
    TX_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    address: str
    payload: _any_pb2.Any
    root: str
    options: _envelope_pb2.Json
    context: _containers.ScalarMap[str, str]
    claims: _envelope_pb2.Json
    key: str
    fresh: bool
    tx: _envelope_pb2.Tx
    traceparent: str
    timeout: _duration_pb2.Duration
    def __init__(self, address: _Optional[str] = ..., payload: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., root: _Optional[str] = ..., options: _Optional[_Union[_envelope_pb2.Json, _Mapping]] = ..., context: _Optional[_Mapping[str, str]] = ..., claims: _Optional[_Union[_envelope_pb2.Json, _Mapping]] = ..., key: _Optional[str] = ..., fresh: _Optional[bool] = ..., tx: _Optional[_Union[_envelope_pb2.Tx, _Mapping]] = ..., traceparent: _Optional[str] = ..., timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class CallResponse(_message.Message):
    __slots__ = ("response", "root", "events", "cookies", "tx", "status", "service", "position")
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    COOKIES_FIELD_NUMBER: _ClassVar[int]
    TX_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    response: _any_pb2.Any
    root: str
    events: _containers.RepeatedCompositeFieldContainer[_event_pb2.EventRef]
    cookies: _containers.RepeatedCompositeFieldContainer[Cookie]
    tx: str
    status: int
    service: str
    position: int
    def __init__(self, response: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., root: _Optional[str] = ..., events: _Optional[_Iterable[_Union[_event_pb2.EventRef, _Mapping]]] = ..., cookies: _Optional[_Iterable[_Union[Cookie, _Mapping]]] = ..., tx: _Optional[str] = ..., status: _Optional[int] = ..., service: _Optional[str] = ..., position: _Optional[int] = ...) -> None: ...

class Cookie(_message.Message):
    __slots__ = ("name", "value", "max_age")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    MAX_AGE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    max_age: int
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ..., max_age: _Optional[int] = ...) -> None: ...
