"""The procedures that one server hosts, as the services of the wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import ServiceDescriptor

from blossm.model.network import Network
from blossm.ports import Clock
from blossm.procedures.callers import Callers
from blossm.procedures.standing import Procedures
from blossm.rpc.serving.command import CommandService
from blossm.rpc.serving.event_store import EventStoreService
from blossm.rpc.serving.fact import FactService
from blossm.rpc.serving.view_store import ViewStoreService
from blossm.rpc.types import Types
from blossm.rpc.v1 import command_pb2, event_store_pb2, fact_pb2, view_store_pb2


def services(
    hosted: Procedures, *, network: Network, types: Types, callers: Callers, clock: Clock
) -> Iterator[tuple[ServiceDescriptor, Any]]:
    """A service for each kind of procedure that is hosted, with what answers its calls."""
    shared: dict[str, Any] = {"network": network, "types": types, "callers": callers, "clock": clock}
    if hosted.event_stores:
        yield event_store_pb2.DESCRIPTOR.services_by_name["EventStoreService"], EventStoreService(hosted.event_stores, **shared)
    if hosted.commands:
        yield command_pb2.DESCRIPTOR.services_by_name["CommandService"], CommandService(hosted.commands, **shared)
    if hosted.facts:
        yield fact_pb2.DESCRIPTOR.services_by_name["FactService"], FactService(hosted.facts, **shared)
    if hosted.view_stores:
        yield view_store_pb2.DESCRIPTOR.services_by_name["ViewStoreService"], ViewStoreService(hosted.view_stores, **shared)
