"""One network's messages and the platform's, in a pool of their own: two networks in one process don't meet."""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pool, timestamp_pb2
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pool import DescriptorPool

from blossm.model.contract.build import contract
from blossm.model.contract.descriptors import file_descriptors
from blossm.model.network import Network
from blossm.rpc.v1 import (
    command_pb2,
    contract_pb2,
    envelope_pb2,
    event_pb2,
    event_store_pb2,
    fact_pb2,
    view_store_pb2,
)

PLATFORM = tuple(
    module.DESCRIPTOR.name
    for module in (
        timestamp_pb2,
        envelope_pb2,
        event_pb2,
        contract_pb2,
        event_store_pb2,
        command_pb2,
        fact_pb2,
        view_store_pb2,
    )
)


def private_pool(network: Network) -> DescriptorPool:
    """A pool with the network's files, `blossm/rpc/v1`, and all that they import."""
    pool: Any = DescriptorPool()  # as are its methods, to types-protobuf
    default: Any = descriptor_pool.Default()  # type: ignore[no-untyped-call]
    known: set[str] = set()
    for name in PLATFORM:
        _copy(default.FindFileByName(name), pool, known)
    for file in file_descriptors(contract(network)):
        pool.AddSerializedFile(file.SerializeToString())
    made: DescriptorPool = pool
    return made


def _copy(file: FileDescriptor, pool: Any, known: set[str]) -> None:
    """Add a file after those that it imports, each once."""
    if file.name in known:
        return
    known.add(file.name)
    for imported in file.dependencies:
        _copy(imported, pool, known)
    pool.AddSerializedFile(file.serialized_pb)
