"""Reflection: tools without .proto files learn the services and the network's own schemas."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pb2
from grpc_reflection.v1alpha import reflection_pb2 as pb
from tests.rpc.switchboard import PAINT, VIEW, Telling, switchboard
from tests.rpc.test_view_store import view_store

SERVICES = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"]


async def asked(address: str, *requests: pb.ServerReflectionRequest, service: str = SERVICES[0]) -> list[Any]:
    async with grpc.aio.insecure_channel(address) as channel:
        call: Any = channel.stream_stream(
            f"/{service}/ServerReflectionInfo",
            pb.ServerReflectionRequest.SerializeToString,
            pb.ServerReflectionResponse.FromString,
        )
        return [response async for response in call(iter(requests))]


def files(response: pb.ServerReflectionResponse) -> dict[str, descriptor_pb2.FileDescriptorProto]:
    """By name, in the order in which they were told."""
    told = response.file_descriptor_response.file_descriptor_proto
    return {file.name: file for file in map(descriptor_pb2.FileDescriptorProto.FromString, told)}


@pytest.mark.parametrize("service", SERVICES)
async def test_the_services_that_are_here_are_listed_without_a_key(service: str) -> None:
    async with switchboard(commands={PAINT: Telling()}, view_stores={VIEW: view_store()}) as board:
        (response,) = await asked(board.address, pb.ServerReflectionRequest(list_services=""), service=service)
    assert [each.name for each in response.list_services_response.service] == [
        "blossm.rpc.v1.CommandService",
        "blossm.rpc.v1.ViewStoreService",
        "grpc.health.v1.Health",
        *SERVICES,
    ]


async def test_the_networks_own_messages_are_shown_with_all_that_they_import() -> None:
    async with switchboard(commands={PAINT: Telling()}) as board:
        (response,) = await asked(
            board.address, pb.ServerReflectionRequest(file_containing_symbol="shop.bicycle.PaintRequest")
        )
    found = files(response)
    (own,) = [file for file in found.values() if file.package == "shop.bicycle"]
    assert next(iter(found)) == own.name  # where tools look for it
    assert set(own.dependency) < set(found)
    message = next(message for message in own.message_type if message.name == "PaintRequest")
    assert [field.name for field in message.field] == ["color", "coats", "when"]


async def test_the_rules_of_fields_can_be_understood() -> None:
    extension = pb.ExtensionRequest(containing_type="google.protobuf.FieldOptions", extension_number=51701)
    async with switchboard(commands={PAINT: Telling()}) as board:
        numbers, file = await asked(
            board.address,
            pb.ServerReflectionRequest(all_extension_numbers_of_type="google.protobuf.FieldOptions"),
            pb.ServerReflectionRequest(file_containing_extension=extension),
        )
    assert list(numbers.all_extension_numbers_response.extension_number) == [51701]
    assert "blossm/rpc/v1/contract.proto" in files(file)


@pytest.mark.parametrize(
    "symbol",
    [
        "blossm.rpc.v1.CommandService",
        "blossm.rpc.v1.CommandService.Call",
        "grpc.health.v1.Health",
        "google.rpc.Status",
        *SERVICES,
        "views.garage.Bicycles",
    ],
)
async def test_whatever_a_tool_may_meet_is_shown(symbol: str) -> None:
    async with switchboard(commands={PAINT: Telling()}) as board:
        (response,) = await asked(board.address, pb.ServerReflectionRequest(file_containing_symbol=symbol))
    assert files(response)


async def test_what_is_not_known_is_told_and_the_next_question_is_answered() -> None:
    async with switchboard(commands={PAINT: Telling()}) as board:
        *unknown, known = await asked(
            board.address,
            pb.ServerReflectionRequest(file_containing_symbol="nobody.Knows"),
            pb.ServerReflectionRequest(file_by_filename="nobody.proto"),
            pb.ServerReflectionRequest(file_containing_extension=pb.ExtensionRequest(containing_type="a.B", extension_number=1)),
            pb.ServerReflectionRequest(all_extension_numbers_of_type="a.B"),
            pb.ServerReflectionRequest(host="x"),
            pb.ServerReflectionRequest(file_by_filename="blossm/rpc/v1/command.proto"),
        )
    assert [each.error_response.error_code for each in unknown] == [5, 5, 5, 5, 12]
    assert "blossm/rpc/v1/command.proto" in files(known)
