"""A contract as descriptors: what protoc would make of its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc_tools  # type: ignore[import-untyped]
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_tools import protoc
from hypothesis import HealthCheck, given, settings
from tests.contract.one_store import command, network, store, view, with_payload
from tests.payload.test_properties import payload

from blossm.model.contract.build import contract
from blossm.model.contract.descriptors import file_descriptors
from blossm.model.contract.keeping import kept
from blossm.model.contract.text import proto_text
from blossm.model.contract.tree import File
from blossm.model.fields import Field, Fields, loosened
from blossm.model.load import load
from blossm.model.network import Network
from blossm.rpc.pool import private_pool
from blossm.rpc.v1 import contract_pb2

REPOSITORY = Path(__file__).parents[2]
GOOGLE = Path(grpc_tools.__file__).parent / "_proto"
TEXT = Field(type="string")


def compiled(files: Sequence[File], folder: Path) -> list[FileDescriptorProto]:
    """What protoc makes of the files' text."""
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(proto_text(file), encoding="utf-8")
    out = folder / "out"
    sources = [str(folder / file.path) for file in files]
    paths = [f"-I{folder}", f"-I{REPOSITORY / 'protos'}", f"-I{GOOGLE}"]
    assert protoc.main(["protoc", *paths, f"--descriptor_set_out={out}", *sources]) == 0
    return list(FileDescriptorSet.FromString(out.read_bytes()).file)


def same(files: Sequence[File], folder: Path) -> None:
    ours = {file.name: plain(file) for file in file_descriptors(files)}
    theirs = {file.name: plain(file) for file in compiled(files, folder)}
    assert ours == theirs


def plain(file: FileDescriptorProto) -> str:
    """As text, with what has no order ordered: protoc puts a message's entries of maps among the nested ones."""
    copy = FileDescriptorProto()
    copy.CopyFrom(file)
    waiting = list(copy.message_type)
    while waiting:
        message = waiting.pop()
        message.nested_type.sort(key=lambda inner: inner.name)
        waiting += message.nested_type
    return str(copy)


def test_the_descriptors_of_the_example_are_those_that_protoc_makes_of_its_text(tmp_path: Path) -> None:
    same(contract(load(REPOSITORY / "examples" / "bicycle_city")), tmp_path)


EVERYTHING: dict[str, Field] = {
    "text": TEXT,
    "at": Field(type="timestamp"),
    "quote": Field(type="string", pattern="['\"\\\\]\t", default="it's \"é\"\\"),
    "a_1": Field(type="json"),
    "from": Field(type="bytes", optional=True),
    "wheel": Field(type="object", properties={"wheel": Field(type="object", properties={"size": Field(type="integer")})}),
    "notes": Field(type="list", items=TEXT, optional=True),
    "times": Field(type="map", values=Field(type="timestamp")),
    "prices": Field(type="map", values=Field(type="list", items=Field(type="map", values=Field(type="number")))),
    "prices_entry": Field(type="object", properties={"a": TEXT}),
    "message": Field(type="boolean"),
    "reserved": Field(type="list", items=Field(type="list", items=Field(type="list", items=TEXT))),
    "map": TEXT,
    "option": Field(type="list", items=TEXT),
}


def whole() -> Network:
    return network(
        stores=(store(painted=EVERYTHING, schema=EVERYTHING), store("message.option", sold=EVERYTHING)),
        commands=(command("shop.bicycle.paint", payload=EVERYTHING, response=EVERYTHING["prices"]),),
        views=(view("garage.bicycles", **EVERYTHING), view("bicycles", **EVERYTHING)),
    )


def test_every_kind_of_field_is_what_protoc_makes_of_its_text(tmp_path: Path) -> None:
    same(contract(whole()), tmp_path)


def test_reserved_fields_are_what_protoc_makes_of_their_text(tmp_path: Path) -> None:
    before = contract(with_payload(dict.fromkeys("abcdef", TEXT)))
    new = with_payload({"a": TEXT, "d": TEXT, "z": TEXT})
    files = kept(contract(new), before)
    assert "reserved 2 to 3, 5 to 6;" in proto_text(files[0])
    same(files, tmp_path)


def test_a_removed_message_is_deprecated_in_both(tmp_path: Path) -> None:
    (file,) = contract(with_payload({"a": TEXT}))
    gone = replace(file.messages[0], name="Gone", full_name="shop.bicycle.Gone", fields=(), removed=True)
    same([replace(file, messages=(*file.messages, gone))], tmp_path)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(payload())
def test_a_pool_takes_the_descriptors_of_any_schema(case: tuple[Fields, Any]) -> None:
    fields = case[0]
    paint = command("shop.bicycle.paint", payload=loosened(fields), response=Field(type="object", properties=dict(fields)))
    shop = network(stores=(store(painted=fields, schema=fields),), commands=(paint,))
    pool: Any = private_pool(shop)
    assert [field.name for field in pool.FindMessageTypeByName("shop.bicycle.Painted").fields] == list(fields)


def test_names_in_json_are_the_fields_own_and_rules_and_version_are_options() -> None:
    pool: Any = private_pool(with_payload({"frame_color": Field(type="string", min_length=2)}))
    message = pool.FindMessageTypeByName("shop.bicycle.Painted")
    field = message.fields_by_name["frame_color"]
    assert field.json_name == "frame_color"
    assert field.has_presence
    assert field.GetOptions().Extensions[contract_pb2.rules] == '{"required":true,"minLength":2}'
    assert message.GetOptions().Extensions[contract_pb2.version] == 1


def test_a_pool_knows_the_platforms_services_and_what_they_import() -> None:
    pool: Any = private_pool(network())
    assert pool.FindServiceByName("blossm.rpc.v1.EventStoreService")
    assert pool.FindMessageTypeByName("google.protobuf.Duration")
