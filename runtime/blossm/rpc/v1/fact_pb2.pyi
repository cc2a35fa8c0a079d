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

class Asked(_message.Message):
    __slots__ = ("address", "query", "root", "options", "context", "claims", "tx", "traceparent", "timeout")
    class ContextEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    CLAIMS_FIELD_NUMBER: _ClassVar[int]
    TX_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    address: str
    query: _any_pb2.Any
    root: str
    options: _envelope_pb2.Json
    context: _containers.ScalarMap[str, str]
    claims: _envelope_pb2.Json
    tx: _envelope_pb2.Tx
    traceparent: str
    timeout: _duration_pb2.Duration
    def __init__(self, address: _Optional[str] = ..., query: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., root: _Optional[str] = ..., options: _Optional[_Union[_envelope_pb2.Json, _Mapping]] = ..., context: _Optional[_Mapping[str, str]] = ..., claims: _Optional[_Union[_envelope_pb2.Json, _Mapping]] = ..., tx: _Optional[_Union[_envelope_pb2.Tx, _Mapping]] = ..., traceparent: _Optional[str] = ..., timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class FactServiceReadRequest(_message.Message):
    __slots__ = ("asked", "reads")
    ASKED_FIELD_NUMBER: _ClassVar[int]
    READS_FIELD_NUMBER: _ClassVar[int]
    asked: Asked
    reads: _event_pb2.ReadSet
    def __init__(self, asked: _Optional[_Union[Asked, _Mapping]] = ..., reads: _Optional[_Union[_event_pb2.ReadSet, _Mapping]] = ...) -> None: ...

class FactServiceReadResponse(_message.Message):
    __slots__ = ("response", "reads")
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    READS_FIELD_NUMBER: _ClassVar[int]
    response: _any_pb2.Any
    reads: _event_pb2.ReadSet
    def __init__(self, response: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., reads: _Optional[_Union[_event_pb2.ReadSet, _Mapping]] = ...) -> None: ...

class FactServiceStreamRequest(_message.Message):
    __slots__ = ("asked",)
    ASKED_FIELD_NUMBER: _ClassVar[int]
    asked: Asked
    def __init__(self, asked: _Optional[_Union[Asked, _Mapping]] = ...) -> None: ...

class FactServiceStreamResponse(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[_any_pb2.Any]
    def __init__(self, items: _Optional[_Iterable[_Union[_any_pb2.Any, _Mapping]]] = ...) -> None: ...
