"""The keys of the eight kinds of procedures. What may take several forms is `Any` here and read piece by piece by `link`."""

# ruff: noqa: RUF012  pydantic copies what a default holds
from __future__ import annotations

from types import MappingProxyType
from typing import Any, Literal

from pydantic import Field

from blossm.model.network import Kind
from blossm.model.schema.examples import (
    CommandExampleKeys,
    EventStoreExampleKeys,
    FactExampleKeys,
    ProjectionExampleKeys,
    ViewStoreExampleKeys,
)
from blossm.model.schema.headers import ShapeKeys
from blossm.model.schema.per_environment import Env, Origins, Secrets
from blossm.model.schema.reading import Keys
from blossm.model.schema.values import Cron, Name, Named, Reference, Root


class ProcedureKeys(ShapeKeys):
    """What all kinds have."""

    procedure: str
    description: str = ""
    env: Env = {}
    secrets: Secrets = {}


class WriteSideKeys(ProcedureKeys):
    service: Name = ""
    domain: Name = ""


class ReadSideKeys(ProcedureKeys):
    context: Name = ""


class SnapshotKeys(Keys):
    every: int = Field(default=50, ge=1)


class ActionKeys(Keys):
    """One action of an event store. Without `fields`, its payload is any part of the schema."""

    fields_: list[Name] | None = Field(default=None, alias="fields")
    version: int = Field(default=1, ge=1)


class EventStoreKeys(WriteSideKeys):
    handler: str = ""
    schema_: Named = Field(default={}, alias="schema")
    actions: Any
    indexes: list[Reference] = Field(default=[], max_length=60)
    snapshots: SnapshotKeys = SnapshotKeys()
    retired: bool = False
    examples: list[EventStoreExampleKeys] = []


class CommandKeys(WriteSideKeys):
    name: Name
    handler: str = ""
    root: Root = ("optional", "")
    contexts: list[Name] = []
    payload: Named = {}
    response: Any = None
    calls: list[Reference] = []
    reads: list[Reference] = []
    logs: Any = None
    consistency: Literal["serializable", "none"] = "serializable"
    retries: int = Field(default=3, ge=0, le=100)
    schedule: Cron = ""
    examples: list[CommandExampleKeys] = []


class FactKeys(WriteSideKeys):
    name: Name
    handler: str = ""
    root: Root = ("optional", "")
    contexts: list[Name] = []
    query: Named = {}
    response: Any = None
    stream: bool = False
    reads: list[Reference] = []
    examples: list[FactExampleKeys] = []


class CommandGatewayKeys(WriteSideKeys):
    allow: Origins = {}
    commands: Any


class FactGatewayKeys(WriteSideKeys):
    allow: Origins = {}
    facts: Any


class ViewStoreKeys(ReadSideKeys):
    name: Name
    handler: str = ""
    schema_: Named = Field(alias="schema")
    indexes: list[list[Reference]] = []
    sorts: list[list[dict[Reference, Literal["asc", "desc"]]]] = []
    text: list[Reference] = []
    one: bool = False
    examples: list[ViewStoreExampleKeys] = []


class ProjectionKeys(ReadSideKeys):
    name: Name
    handler: str = ""
    events: dict[Reference, list[Name]]
    reads: list[Reference] = []
    on_error: Literal["stop", "park"] = "stop"
    examples: list[ProjectionExampleKeys] = []


class ViewGatewayKeys(ReadSideKeys):
    allow: Origins = {}
    views: Any


class EntryKeys(Keys):
    """Who may use a gateway's entry, with more than a word about it."""

    access: Any = None
    issuer: str = ""
    rate: Any = None


class AllKeys(Keys):
    """All of these privileges."""

    all: list[str] = Field(min_length=1)


PROCEDURES: MappingProxyType[Kind, type[ProcedureKeys]] = MappingProxyType(
    {
        "event-store": EventStoreKeys,
        "command": CommandKeys,
        "fact": FactKeys,
        "command-gateway": CommandGatewayKeys,
        "fact-gateway": FactGatewayKeys,
        "view-store": ViewStoreKeys,
        "projection": ProjectionKeys,
        "view-gateway": ViewGatewayKeys,
    }
)
