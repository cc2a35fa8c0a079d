from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Json(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class Tx(_message.Message):
    __slots__ = ("id", "path", "claims")
    ID_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    CLAIMS_FIELD_NUMBER: _ClassVar[int]
    id: str
    path: _containers.RepeatedCompositeFieldContainer[Step]
    claims: Json
    def __init__(self, id: _Optional[str] = ..., path: _Optional[_Iterable[_Union[Step, _Mapping]]] = ..., claims: _Optional[_Union[Json, _Mapping]] = ...) -> None: ...

class Step(_message.Message):
    __slots__ = ("procedure", "id", "at")
    PROCEDURE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    procedure: str
    id: str
    at: str
    def __init__(self, procedure: _Optional[str] = ..., id: _Optional[str] = ..., at: _Optional[str] = ...) -> None: ...

class Error(_message.Message):
    __slots__ = ("code", "message", "fields", "facts", "help")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    HELP_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    fields: _containers.RepeatedCompositeFieldContainer[FieldProblem]
    facts: Json
    help: str
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ..., fields: _Optional[_Iterable[_Union[FieldProblem, _Mapping]]] = ..., facts: _Optional[_Union[Json, _Mapping]] = ..., help: _Optional[str] = ...) -> None: ...

class FieldProblem(_message.Message):
    __slots__ = ("path", "problem")
    PATH_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    path: str
    problem: str
    def __init__(self, path: _Optional[str] = ..., problem: _Optional[str] = ...) -> None: ...
