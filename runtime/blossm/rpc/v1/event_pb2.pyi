from blossm.rpc.v1 import envelope_pb2 as _envelope_pb2
from google.protobuf import any_pb2 as _any_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Event(_message.Message):
    __slots__ = ("domain", "root", "action", "version", "payload")
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    domain: str
    root: str
    action: str
    version: int
    payload: _any_pb2.Any
    def __init__(self, domain: _Optional[str] = ..., root: _Optional[str] = ..., action: _Optional[str] = ..., version: _Optional[int] = ..., payload: _Optional[_Union[_any_pb2.Any, _Mapping]] = ...) -> None: ...

class Commit(_message.Message):
    __slots__ = ("id", "key", "fingerprint", "events", "reply", "later", "tx", "context", "traceparent", "created")
    class ContextEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    REPLY_FIELD_NUMBER: _ClassVar[int]
    LATER_FIELD_NUMBER: _ClassVar[int]
    TX_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    id: str
    key: str
    fingerprint: str
    events: _containers.RepeatedCompositeFieldContainer[Event]
    reply: Reply
    later: _containers.RepeatedCompositeFieldContainer[Later]
    tx: _envelope_pb2.Tx
    context: _containers.ScalarMap[str, str]
    traceparent: str
    created: str
    def __init__(self, id: _Optional[str] = ..., key: _Optional[str] = ..., fingerprint: _Optional[str] = ..., events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ..., reply: _Optional[_Union[Reply, _Mapping]] = ..., later: _Optional[_Iterable[_Union[Later, _Mapping]]] = ..., tx: _Optional[_Union[_envelope_pb2.Tx, _Mapping]] = ..., context: _Optional[_Mapping[str, str]] = ..., traceparent: _Optional[str] = ..., created: _Optional[str] = ...) -> None: ...

class LoggedCommit(_message.Message):
    __slots__ = ("position", "committed", "numbers", "commit")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    position: int
    committed: str
    numbers: _containers.RepeatedScalarFieldContainer[int]
    commit: Commit
    def __init__(self, position: _Optional[int] = ..., committed: _Optional[str] = ..., numbers: _Optional[_Iterable[int]] = ..., commit: _Optional[_Union[Commit, _Mapping]] = ...) -> None: ...

class Reply(_message.Message):
    __slots__ = ("status", "response", "root", "earlier")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    EARLIER_FIELD_NUMBER: _ClassVar[int]
    status: int
    response: _envelope_pb2.Json
    root: str
    earlier: _containers.RepeatedCompositeFieldContainer[EventRef]
    def __init__(self, status: _Optional[int] = ..., response: _Optional[_Union[_envelope_pb2.Json, _Mapping]] = ..., root: _Optional[str] = ..., earlier: _Optional[_Iterable[_Union[EventRef, _Mapping]]] = ...) -> None: ...

class Later(_message.Message):
    __slots__ = ("address", "payload", "root", "at")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    address: str
    payload: _envelope_pb2.Json
    root: str
    at: str
    def __init__(self, address: _Optional[str] = ..., payload: _Optional[_Union[_envelope_pb2.Json, _Mapping]] = ..., root: _Optional[str] = ..., at: _Optional[str] = ...) -> None: ...

class EventRef(_message.Message):
    __slots__ = ("action", "domain", "root", "number", "position")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    action: str
    domain: str
    root: str
    number: int
    position: int
    def __init__(self, action: _Optional[str] = ..., domain: _Optional[str] = ..., root: _Optional[str] = ..., number: _Optional[int] = ..., position: _Optional[int] = ...) -> None: ...

class RootNumber(_message.Message):
    __slots__ = ("domain", "root", "number")
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    domain: str
    root: str
    number: int
    def __init__(self, domain: _Optional[str] = ..., root: _Optional[str] = ..., number: _Optional[int] = ...) -> None: ...

class ReadSet(_message.Message):
    __slots__ = ("service", "head", "roots", "questions")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    ROOTS_FIELD_NUMBER: _ClassVar[int]
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    service: str
    head: int
    roots: _containers.RepeatedCompositeFieldContainer[RootNumber]
    questions: _containers.RepeatedCompositeFieldContainer[Question]
    def __init__(self, service: _Optional[str] = ..., head: _Optional[int] = ..., roots: _Optional[_Iterable[_Union[RootNumber, _Mapping]]] = ..., questions: _Optional[_Iterable[_Union[Question, _Mapping]]] = ...) -> None: ...

class Question(_message.Message):
    __slots__ = ("domain", "where", "answer", "head", "own")
    class WhereEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _envelope_pb2.Json
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_envelope_pb2.Json, _Mapping]] = ...) -> None: ...
    class AnswerEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    class OwnEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Range
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Range, _Mapping]] = ...) -> None: ...
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    WHERE_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    OWN_FIELD_NUMBER: _ClassVar[int]
    domain: str
    where: _containers.MessageMap[str, _envelope_pb2.Json]
    answer: _containers.ScalarMap[str, int]
    head: int
    own: _containers.MessageMap[str, Range]
    def __init__(self, domain: _Optional[str] = ..., where: _Optional[_Mapping[str, _envelope_pb2.Json]] = ..., answer: _Optional[_Mapping[str, int]] = ..., head: _Optional[int] = ..., own: _Optional[_Mapping[str, Range]] = ...) -> None: ...

class Range(_message.Message):
    __slots__ = ("first", "last")
    FIRST_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    first: int
    last: int
    def __init__(self, first: _Optional[int] = ..., last: _Optional[int] = ...) -> None: ...

class Expectation(_message.Message):
    __slots__ = ("roots", "quiet")
    class QuietEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    ROOTS_FIELD_NUMBER: _ClassVar[int]
    QUIET_FIELD_NUMBER: _ClassVar[int]
    roots: _containers.RepeatedCompositeFieldContainer[RootNumber]
    quiet: _containers.ScalarMap[str, int]
    def __init__(self, roots: _Optional[_Iterable[_Union[RootNumber, _Mapping]]] = ..., quiet: _Optional[_Mapping[str, int]] = ...) -> None: ...
