"""Reflection: which services are here, and the schemas of the network, for tools that have no .proto files.

Tools of today ask grpc.reflection.v1, those of yesterday v1alpha; on the wire both are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, text_format
from google.protobuf.descriptor import FileDescriptor
from grpc_reflection.v1alpha import reflection_pb2 as pb

SERVICES = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")
METHOD = "ServerReflectionInfo"

_NOT_FOUND, _NOT_IMPLEMENTED = grpc.StatusCode.NOT_FOUND.value[0], grpc.StatusCode.UNIMPLEMENTED.value[0]


class Reflection:
    """Answers from a network's own pool; what is gRPC's is in the pool of the process."""

    def __init__(self, services: Iterable[str], pool: Any) -> None:
        self._services = sorted(services)
        # As are their methods, to types-protobuf.
        self._pools: list[Any] = [pool, descriptor_pool.Default(), _v1()]  # type: ignore[no-untyped-call]

    def answer(self, request: pb.ServerReflectionRequest) -> pb.ServerReflectionResponse:
        response = pb.ServerReflectionResponse(valid_host=request.host, original_request=request)
        try:
            self._fill(response, request)
        except KeyError as error:
            response.error_response.CopyFrom(pb.ErrorResponse(error_code=_NOT_FOUND, error_message=f"not found: {error}"))
        return response

    def _fill(self, response: pb.ServerReflectionResponse, request: pb.ServerReflectionRequest) -> None:
        match request.WhichOneof("message_request"):
            case "list_services":
                listed = [pb.ServiceResponse(name=name) for name in self._services]
                response.list_services_response.CopyFrom(pb.ListServiceResponse(service=listed))
            case "file_by_filename":
                self._tell(response, lambda pool: pool.FindFileByName(request.file_by_filename))
            case "file_containing_symbol":
                self._tell(response, lambda pool: _containing(pool, request.file_containing_symbol))
            case "file_containing_extension":
                asked = request.file_containing_extension
                self._tell(response, lambda pool: _extension(pool, asked.containing_type, asked.extension_number).file)
            case "all_extension_numbers_of_type":
                name = request.all_extension_numbers_of_type
                numbers = self._found(lambda pool: [each.number for each in pool.FindAllExtensions(_message(pool, name))])
                told = pb.ExtensionNumberResponse(base_type_name=name, extension_number=sorted(numbers))
                response.all_extension_numbers_response.CopyFrom(told)
            case _:
                response.error_response.CopyFrom(pb.ErrorResponse(error_code=_NOT_IMPLEMENTED, error_message="asks nothing"))

    def _tell(self, response: pb.ServerReflectionResponse, find: Callable[[Any], FileDescriptor]) -> None:
        """The file, and after it all that it imports, as gRPC's own servers do."""
        files = {file.name: file.serialized_pb for file in _with_imports(self._found(find))}
        told = pb.FileDescriptorResponse(file_descriptor_proto=files.values())
        response.file_descriptor_response.CopyFrom(told)

    def _found(self, find: Callable[[Any], Any]) -> Any:
        *pools, last = self._pools
        for pool in pools:
            with suppress(KeyError):
                return find(pool)
        return find(last)


@cache
def _v1() -> Any:
    """A pool with the v1 of reflection, which the package does not bring: v1alpha by another name."""
    alpha = descriptor_pb2.FileDescriptorProto.FromString(pb.DESCRIPTOR.serialized_pb)
    text = text_format.MessageToString(alpha).replace("v1alpha", "v1")
    pool: Any = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(text_format.Parse(text, descriptor_pb2.FileDescriptorProto()).SerializeToString())
    return pool


def _containing(pool: Any, symbol: str) -> Any:
    """The file that a symbol is in. A pool does not find the methods of a service by their names, but the service."""
    try:
        return pool.FindFileContainingSymbol(symbol)
    except KeyError:
        return pool.FindServiceByName(symbol.rpartition(".")[0]).file


def _message(pool: Any, name: str) -> Any:
    return pool.FindMessageTypeByName(name)


def _extension(pool: Any, name: str, number: int) -> Any:
    return pool.FindExtensionByNumber(_message(pool, name), number)


def _with_imports(file: FileDescriptor) -> Iterator[FileDescriptor]:
    yield file
    for imported in file.dependencies:
        yield from _with_imports(imported)
