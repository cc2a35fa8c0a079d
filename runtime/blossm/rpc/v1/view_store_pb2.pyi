from blossm.rpc.v1 import envelope_pb2 as _envelope_pb2
from google.protobuf import any_pb2 as _any_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GenerationsRequest(_message.Message):
    __slots__ = ("view",)
    VIEW_FIELD_NUMBER: _ClassVar[int]
    view: str
    def __init__(self, view: _Optional[str] = ...) -> None: ...

class GenerationsResponse(_message.Message):
    __slots__ = ("current", "building", "previous")
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    BUILDING_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    current: int
    building: int
    previous: int
    def __init__(self, current: _Optional[int] = ..., building: _Optional[int] = ..., previous: _Optional[int] = ...) -> None: ...

class BeginRequest(_message.Message):
    __slots__ = ("view",)
    VIEW_FIELD_NUMBER: _ClassVar[int]
    view: str
    def __init__(self, view: _Optional[str] = ...) -> None: ...

class BeginResponse(_message.Message):
    __slots__ = ("generation",)
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    generation: int
    def __init__(self, generation: _Optional[int] = ...) -> None: ...

class SwitchRequest(_message.Message):
    __slots__ = ("view", "current", "to")
    VIEW_FIELD_NUMBER: _ClassVar[int]
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    view: str
    current: int
    to: int
    def __init__(self, view: _Optional[str] = ..., current: _Optional[int] = ..., to: _Optional[int] = ...) -> None: ...

class SwitchResponse(_message.Message):
    __slots__ = ("switched",)
    SWITCHED_FIELD_NUMBER: _ClassVar[int]
    switched: bool
    def __init__(self, switched: _Optional[bool] = ...) -> None: ...

class AbandonRequest(_message.Message):
    __slots__ = ("view", "generation")
    VIEW_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    view: str
    generation: int
    def __init__(self, view: _Optional[str] = ..., generation: _Optional[int] = ...) -> None: ...

class AbandonResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CheckpointsRequest(_message.Message):
    __slots__ = ("view", "generation")
    VIEW_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    view: str
    generation: int
    def __init__(self, view: _Optional[str] = ..., generation: _Optional[int] = ...) -> None: ...

class CheckpointsResponse(_message.Message):
    __slots__ = ("checkpoints",)
    class CheckpointsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Checkpoint
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Checkpoint, _Mapping]] = ...) -> None: ...
    CHECKPOINTS_FIELD_NUMBER: _ClassVar[int]
    checkpoints: _containers.MessageMap[str, Checkpoint]
    def __init__(self, checkpoints: _Optional[_Mapping[str, Checkpoint]] = ...) -> None: ...

class Checkpoint(_message.Message):
    __slots__ = ("position", "commit_id")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    COMMIT_ID_FIELD_NUMBER: _ClassVar[int]
    position: int
    commit_id: str
    def __init__(self, position: _Optional[int] = ..., commit_id: _Optional[str] = ...) -> None: ...

class DefinitionRequest(_message.Message):
    __slots__ = ("view", "generation")
    VIEW_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    view: str
    generation: int
    def __init__(self, view: _Optional[str] = ..., generation: _Optional[int] = ...) -> None: ...

class DefinitionResponse(_message.Message):
    __slots__ = ("definition",)
    DEFINITION_FIELD_NUMBER: _ClassVar[int]
    definition: str
    def __init__(self, definition: _Optional[str] = ...) -> None: ...

class ApplyRequest(_message.Message):
    __slots__ = ("view", "batch", "generation")
    VIEW_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    view: str
    batch: Batch
    generation: int
    def __init__(self, view: _Optional[str] = ..., batch: _Optional[_Union[Batch, _Mapping]] = ..., generation: _Optional[int] = ...) -> None: ...

class ApplyResponse(_message.Message):
    __slots__ = ("applied",)
    APPLIED_FIELD_NUMBER: _ClassVar[int]
    applied: bool
    def __init__(self, applied: _Optional[bool] = ...) -> None: ...

class Batch(_message.Message):
    __slots__ = ("service", "before", "after", "events", "definition")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_FIELD_NUMBER: _ClassVar[int]
    service: str
    before: Checkpoint
    after: Checkpoint
    events: _containers.RepeatedCompositeFieldContainer[EventChanges]
    definition: str
    def __init__(self, service: _Optional[str] = ..., before: _Optional[_Union[Checkpoint, _Mapping]] = ..., after: _Optional[_Union[Checkpoint, _Mapping]] = ..., events: _Optional[_Iterable[_Union[EventChanges, _Mapping]]] = ..., definition: _Optional[str] = ...) -> None: ...

class EventChanges(_message.Message):
    __slots__ = ("service", "position", "context", "changes")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    service: str
    position: int
    context: str
    changes: _containers.RepeatedCompositeFieldContainer[Change]
    def __init__(self, service: _Optional[str] = ..., position: _Optional[int] = ..., context: _Optional[str] = ..., changes: _Optional[_Iterable[_Union[Change, _Mapping]]] = ...) -> None: ...

class Change(_message.Message):
    __slots__ = ("op", "id", "where", "fields", "context")
    OP_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    WHERE_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    op: str
    id: str
    where: _envelope_pb2.Json
    fields: _envelope_pb2.Json
    context: str
    def __init__(self, op: _Optional[str] = ..., id: _Optional[str] = ..., where: _Optional[_Union[_envelope_pb2.Json, _Mapping]] = ..., fields: _Optional[_Union[_envelope_pb2.Json, _Mapping]] = ..., context: _Optional[str] = ...) -> None: ...

class GetRequest(_message.Message):
    __slots__ = ("view", "id", "context", "min_position", "generation")
    class MinPositionEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    VIEW_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    MIN_POSITION_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    view: str
    id: str
    context: str
    min_position: _containers.ScalarMap[str, int]
    generation: int
    def __init__(self, view: _Optional[str] = ..., id: _Optional[str] = ..., context: _Optional[str] = ..., min_position: _Optional[_Mapping[str, int]] = ..., generation: _Optional[int] = ...) -> None: ...

class GetResponse(_message.Message):
    __slots__ = ("row",)
    ROW_FIELD_NUMBER: _ClassVar[int]
    row: Row
    def __init__(self, row: _Optional[_Union[Row, _Mapping]] = ...) -> None: ...

class Row(_message.Message):
    __slots__ = ("id", "body", "context")
    ID_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    id: str
    body: _any_pb2.Any
    context: str
    def __init__(self, id: _Optional[str] = ..., body: _Optional[_Union[_any_pb2.Any, _Mapping]] = ..., context: _Optional[str] = ...) -> None: ...

class QueryRequest(_message.Message):
    __slots__ = ("view", "where", "sort", "text", "limit", "cursor", "count", "context", "min_position", "generation")
    class MinPositionEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    VIEW_FIELD_NUMBER: _ClassVar[int]
    WHERE_FIELD_NUMBER: _ClassVar[int]
    SORT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    MIN_POSITION_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    view: str
    where: _containers.RepeatedCompositeFieldContainer[Comparison]
    sort: _containers.RepeatedCompositeFieldContainer[Sort]
    text: str
    limit: int
    cursor: str
    count: bool
    context: str
    min_position: _containers.ScalarMap[str, int]
    generation: int
    def __init__(self, view: _Optional[str] = ..., where: _Optional[_Iterable[_Union[Comparison, _Mapping]]] = ..., sort: _Optional[_Iterable[_Union[Sort, _Mapping]]] = ..., text: _Optional[str] = ..., limit: _Optional[int] = ..., cursor: _Optional[str] = ..., count: _Optional[bool] = ..., context: _Optional[str] = ..., min_position: _Optional[_Mapping[str, int]] = ..., generation: _Optional[int] = ...) -> None: ...

class Comparison(_message.Message):
    __slots__ = ("field", "op", "value")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    OP_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    field: str
    op: str
    value: _envelope_pb2.Json
    def __init__(self, field: _Optional[str] = ..., op: _Optional[str] = ..., value: _Optional[_Union[_envelope_pb2.Json, _Mapping]] = ...) -> None: ...

class Sort(_message.Message):
    __slots__ = ("field", "descending")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    DESCENDING_FIELD_NUMBER: _ClassVar[int]
    field: str
    descending: bool
    def __init__(self, field: _Optional[str] = ..., descending: _Optional[bool] = ...) -> None: ...

class QueryResponse(_message.Message):
    __slots__ = ("content", "next", "count")
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    content: _containers.RepeatedCompositeFieldContainer[Row]
    next: str
    count: int
    def __init__(self, content: _Optional[_Iterable[_Union[Row, _Mapping]]] = ..., next: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...
