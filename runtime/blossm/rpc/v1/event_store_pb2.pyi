from blossm.rpc.v1 import envelope_pb2 as _envelope_pb2
from blossm.rpc.v1 import event_pb2 as _event_pb2
from google.protobuf import any_pb2 as _any_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AppendRequest(_message.Message):
    __slots__ = ("service", "appends")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    APPENDS_FIELD_NUMBER: _ClassVar[int]
    service: str
    appends: _containers.RepeatedCompositeFieldContainer[Appending]
    def __init__(self, service: _Optional[str] = ..., appends: _Optional[_Iterable[_Union[Appending, _Mapping]]] = ...) -> None: ...

class Appending(_message.Message):
    __slots__ = ("commit", "reads", "expect")
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    READS_FIELD_NUMBER: _ClassVar[int]
    EXPECT_FIELD_NUMBER: _ClassVar[int]
    commit: _event_pb2.Commit
    reads: _event_pb2.ReadSet
    expect: _event_pb2.Expectation
    def __init__(self, commit: _Optional[_Union[_event_pb2.Commit, _Mapping]] = ..., reads: _Optional[_Union[_event_pb2.ReadSet, _Mapping]] = ..., expect: _Optional[_Union[_event_pb2.Expectation, _Mapping]] = ...) -> None: ...

class AppendResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[AppendResult]
    def __init__(self, results: _Optional[_Iterable[_Union[AppendResult, _Mapping]]] = ...) -> None: ...

class AppendResult(_message.Message):
    __slots__ = ("appended", "error")
    APPENDED_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    appended: Appended
    error: _envelope_pb2.Error
    def __init__(self, appended: _Optional[_Union[Appended, _Mapping]] = ..., error: _Optional[_Union[_envelope_pb2.Error, _Mapping]] = ...) -> None: ...

class Appended(_message.Message):
    __slots__ = ("events", "committed", "reply", "known")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_FIELD_NUMBER: _ClassVar[int]
    REPLY_FIELD_NUMBER: _ClassVar[int]
    KNOWN_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_event_pb2.EventRef]
    committed: str
    reply: _event_pb2.Reply
    known: bool
    def __init__(self, events: _Optional[_Iterable[_Union[_event_pb2.EventRef, _Mapping]]] = ..., committed: _Optional[str] = ..., reply: _Optional[_Union[_event_pb2.Reply, _Mapping]] = ..., known: _Optional[bool] = ...) -> None: ...

class ReplyToRequest(_message.Message):
    __slots__ = ("service", "key", "fingerprint")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    service: str
    key: str
    fingerprint: str
    def __init__(self, service: _Optional[str] = ..., key: _Optional[str] = ..., fingerprint: _Optional[str] = ...) -> None: ...

class ReplyToResponse(_message.Message):
    __slots__ = ("appended",)
    APPENDED_FIELD_NUMBER: _ClassVar[int]
    appended: Appended
    def __init__(self, appended: _Optional[_Union[Appended, _Mapping]] = ...) -> None: ...

class AggregateRequest(_message.Message):
    __slots__ = ("service", "domain", "root", "head", "number", "time")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    service: str
    domain: str
    root: str
    head: int
    number: int
    time: str
    def __init__(self, service: _Optional[str] = ..., domain: _Optional[str] = ..., root: _Optional[str] = ..., head: _Optional[int] = ..., number: _Optional[int] = ..., time: _Optional[str] = ...) -> None: ...

class AggregateResponse(_message.Message):
    __slots__ = ("aggregate", "head")
    AGGREGATE_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    aggregate: Aggregate
    head: int
    def __init__(self, aggregate: _Optional[_Union[Aggregate, _Mapping]] = ..., head: _Optional[int] = ...) -> None: ...

class Aggregate(_message.Message):
    __slots__ = ("root", "number", "position", "state")
    ROOT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    root: str
    number: int
    position: int
    state: _any_pb2.Any
    def __init__(self, root: _Optional[str] = ..., number: _Optional[int] = ..., position: _Optional[int] = ..., state: _Optional[_Union[_any_pb2.Any, _Mapping]] = ...) -> None: ...

class QueryAggregatesRequest(_message.Message):
    __slots__ = ("service", "domain", "where", "head")
    class WhereEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _envelope_pb2.Json
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_envelope_pb2.Json, _Mapping]] = ...) -> None: ...
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    WHERE_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    service: str
    domain: str
    where: _containers.MessageMap[str, _envelope_pb2.Json]
    head: int
    def __init__(self, service: _Optional[str] = ..., domain: _Optional[str] = ..., where: _Optional[_Mapping[str, _envelope_pb2.Json]] = ..., head: _Optional[int] = ...) -> None: ...

class QueryAggregatesResponse(_message.Message):
    __slots__ = ("aggregates", "head")
    AGGREGATES_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    aggregates: _containers.RepeatedCompositeFieldContainer[Aggregate]
    head: int
    def __init__(self, aggregates: _Optional[_Iterable[_Union[Aggregate, _Mapping]]] = ..., head: _Optional[int] = ...) -> None: ...

class CountRequest(_message.Message):
    __slots__ = ("service", "domain", "root", "head")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    service: str
    domain: str
    root: str
    head: int
    def __init__(self, service: _Optional[str] = ..., domain: _Optional[str] = ..., root: _Optional[str] = ..., head: _Optional[int] = ...) -> None: ...

class CountResponse(_message.Message):
    __slots__ = ("count", "head")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    count: int
    head: int
    def __init__(self, count: _Optional[int] = ..., head: _Optional[int] = ...) -> None: ...

class ReadRequest(_message.Message):
    __slots__ = ("service", "after", "limit", "domains")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    DOMAINS_FIELD_NUMBER: _ClassVar[int]
    service: str
    after: int
    limit: int
    domains: Domains
    def __init__(self, service: _Optional[str] = ..., after: _Optional[int] = ..., limit: _Optional[int] = ..., domains: _Optional[_Union[Domains, _Mapping]] = ...) -> None: ...

class Domains(_message.Message):
    __slots__ = ("names",)
    NAMES_FIELD_NUMBER: _ClassVar[int]
    names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, names: _Optional[_Iterable[str]] = ...) -> None: ...

class ReadResponse(_message.Message):
    __slots__ = ("commits", "scanned")
    COMMITS_FIELD_NUMBER: _ClassVar[int]
    SCANNED_FIELD_NUMBER: _ClassVar[int]
    commits: _containers.RepeatedCompositeFieldContainer[_event_pb2.LoggedCommit]
    scanned: int
    def __init__(self, commits: _Optional[_Iterable[_Union[_event_pb2.LoggedCommit, _Mapping]]] = ..., scanned: _Optional[int] = ...) -> None: ...

class StreamRequest(_message.Message):
    __slots__ = ("service", "after", "domains", "follow")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    DOMAINS_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    service: str
    after: int
    domains: Domains
    follow: bool
    def __init__(self, service: _Optional[str] = ..., after: _Optional[int] = ..., domains: _Optional[_Union[Domains, _Mapping]] = ..., follow: _Optional[bool] = ...) -> None: ...

class StreamResponse(_message.Message):
    __slots__ = ("commits", "scanned")
    COMMITS_FIELD_NUMBER: _ClassVar[int]
    SCANNED_FIELD_NUMBER: _ClassVar[int]
    commits: _containers.RepeatedCompositeFieldContainer[_event_pb2.LoggedCommit]
    scanned: int
    def __init__(self, commits: _Optional[_Iterable[_Union[_event_pb2.LoggedCommit, _Mapping]]] = ..., scanned: _Optional[int] = ...) -> None: ...

class HeadRequest(_message.Message):
    __slots__ = ("service",)
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    service: str
    def __init__(self, service: _Optional[str] = ...) -> None: ...

class HeadResponse(_message.Message):
    __slots__ = ("head",)
    HEAD_FIELD_NUMBER: _ClassVar[int]
    head: int
    def __init__(self, head: _Optional[int] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("service",)
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    service: str
    def __init__(self, service: _Optional[str] = ...) -> None: ...

class WatchResponse(_message.Message):
    __slots__ = ("head",)
    HEAD_FIELD_NUMBER: _ClassVar[int]
    head: int
    def __init__(self, head: _Optional[int] = ...) -> None: ...

class CommitAtRequest(_message.Message):
    __slots__ = ("service", "position")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    service: str
    position: int
    def __init__(self, service: _Optional[str] = ..., position: _Optional[int] = ...) -> None: ...

class CommitAtResponse(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class RootRequest(_message.Message):
    __slots__ = ("service", "domain", "root", "after", "until")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    service: str
    domain: str
    root: str
    after: int
    until: int
    def __init__(self, service: _Optional[str] = ..., domain: _Optional[str] = ..., root: _Optional[str] = ..., after: _Optional[int] = ..., until: _Optional[int] = ...) -> None: ...

class RootResponse(_message.Message):
    __slots__ = ("events", "more")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[LoggedEvent]
    more: bool
    def __init__(self, events: _Optional[_Iterable[_Union[LoggedEvent, _Mapping]]] = ..., more: _Optional[bool] = ...) -> None: ...

class LoggedEvent(_message.Message):
    __slots__ = ("id", "event", "service", "network", "number", "position", "created", "committed", "context", "tx")
    class ContextEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    NETWORK_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TX_FIELD_NUMBER: _ClassVar[int]
    id: str
    event: _event_pb2.Event
    service: str
    network: str
    number: int
    position: int
    created: str
    committed: str
    context: _containers.ScalarMap[str, str]
    tx: _envelope_pb2.Tx
    def __init__(self, id: _Optional[str] = ..., event: _Optional[_Union[_event_pb2.Event, _Mapping]] = ..., service: _Optional[str] = ..., network: _Optional[str] = ..., number: _Optional[int] = ..., position: _Optional[int] = ..., created: _Optional[str] = ..., committed: _Optional[str] = ..., context: _Optional[_Mapping[str, str]] = ..., tx: _Optional[_Union[_envelope_pb2.Tx, _Mapping]] = ...) -> None: ...
