"""The OpenAPI document of a door: only what it has, made of the same fields that requests are checked by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from blossm.core.errors import Unauthenticated
from blossm.core.query_text import MAX_LIMIT
from blossm.core.view_query import COMPARABLE, TEXTUAL, field_at, indexes
from blossm.model.fields import Field
from blossm.model.json_schema import json_schema, json_schema_of
from blossm.model.network import (
    Access,
    CommandGatewaySpec,
    CommandSpec,
    Entry,
    FactGatewaySpec,
    FactSpec,
    GatewaySpec,
    Issuer,
    Network,
    ViewGatewaySpec,
    ViewStoreSpec,
)
from blossm.procedures.doors.tokens import issuer_of

Part = dict[str, Any]

_UUID: Part = {"type": "string", "format": "uuid"}
_PROBLEM: Part = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "help": {"type": "string"},
        "fields": {
            "type": "array",
            "items": {"type": "object", "properties": {"path": {"type": "string"}, "problem": {"type": "string"}}},
        },
        "facts": {"type": "object"},
        "id": {"type": "string"},
        "tx": {"type": "string"},
    },
}
_EVENT: Part = {
    "type": "object",
    "required": ["action", "domain", "root", "number"],
    "properties": {
        "action": {"type": "string"},
        "domain": {"type": "string"},
        "root": _UUID,
        "number": {"type": "integer"},
    },
}
_TROUBLE: Part = {
    "description": "What went wrong (RFC 9457).",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def command_document(spec: CommandGatewaySpec, network: Network) -> bytes:
    commands = {name: network.commands[entry.target.address] for name, entry in spec.entries.items()}
    return _document(spec, network, {f"/{name}": {"post": _command(command)} for name, command in commands.items()})


def fact_document(spec: FactGatewaySpec, network: Network) -> bytes:
    paths: dict[str, Part] = {}
    for name, entry in spec.entries.items():
        fact = network.facts[entry.target.address]
        if fact.root != "required":
            paths[f"/{name}"] = {"get": _fact(fact)}
        if fact.root in ("required", "optional"):
            paths[f"/{name}/{{root}}"] = {"parameters": [_in_path("root", _UUID)], "get": _fact(fact)}
    return _document(spec, network, paths)


def view_document(spec: ViewGatewaySpec, network: Network) -> bytes:
    paths: dict[str, Part] = {}
    for name, entry in spec.entries.items():
        view = network.view_stores[entry.target.address]
        row = {"get": _view(view, _row(view), [_MIN_POSITION])}
        paths[f"/{name}"] = row if view.one else {"get": _view(view, _page(view), list(_questions(view)))}
        paths[f"/{name}/{{id}}"] = {"parameters": [_in_path("id", {"type": "string"})], **row}
    return _document(spec, network, paths)


def _document(spec: GatewaySpec, network: Network, paths: Mapping[str, Part]) -> bytes:
    for path, item in paths.items():
        entry = spec.entries[path.split("/")[1]]
        for method in item.keys() & {"get", "post"}:
            item[method] |= {"security": _security(entry, network), "tags": [spec.address]}
    document = {
        "openapi": "3.1.0",
        "info": {"title": f"{network.title or network.name}: {spec.address}", "version": "1", "description": spec.description},
        "servers": [{"url": "."}],
        "paths": paths,
        "components": {"schemas": {"Problem": _PROBLEM}, "securitySchemes": dict(_schemes(spec, network))},
    }
    return orjson.dumps(document)


# ---------------------------------------------------------------- who may


def _schemes(spec: GatewaySpec, network: Network) -> Iterator[tuple[str, Part]]:
    for entry in spec.entries.values():
        if (issuer := _issuer(entry.access, network)) is None:
            continue
        yield issuer.name, {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        if issuer.cookie:
            yield f"{issuer.name}_cookie", {"type": "apiKey", "in": "cookie", "name": issuer.cookie}


def _issuer(access: Access, network: Network) -> Issuer | None:
    if access.rule == "public":
        return None
    try:
        return issuer_of(network, access.issuer)
    except Unauthenticated:
        return None


def _security(entry: Entry, network: Network) -> list[Part]:
    """The alternatives that let a request in; an empty one: without a token."""
    access, issuer = entry.access, _issuer(entry.access, network)
    if issuer is None:
        return []
    schemes = [issuer.name, *([f"{issuer.name}_cookie"] if issuer.cookie else [])]
    wanted = [[permission] for permission in access.permissions] if access.rule == "any" else [list(access.permissions)]
    alternatives: list[Part] = [{scheme: permissions} for scheme in schemes for permissions in wanted]
    return [{}, *alternatives] if access.rule == "optional" else alternatives


# ---------------------------------------------------------------- what


def _command(command: CommandSpec) -> Part:
    body: Part = {"type": "object", "additionalProperties": False, "properties": {"payload": json_schema(command.payload)}}
    body["properties"]["options"] = {"type": "object"}
    if command.root in ("required", "optional"):
        body["properties"]["root"] = _UUID
    body["required"] = [
        *(["payload"] if any(field.required for field in command.payload.values()) else []),
        *(["root"] if command.root == "required" else []),
    ]
    answer: Part = {
        "type": "object",
        "required": ["events", "tx"],
        "properties": {
            "root": _UUID,
            "response": _response(command.response),
            "events": {"type": "array", "items": _EVENT},
            "tx": {"type": "string"},
        },
    }
    key = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "minLength": 1, "maxLength": 255}}
    position = {"description": "How far the log has come, for `min_position` of a view.", "schema": {"type": "string"}}
    done = {"description": "Done; the events are durable.", "headers": {"Blossm-Position": position}, **_json(answer)}
    return {
        "operationId": command.name,
        "description": command.description,
        "parameters": [key],
        "requestBody": {"required": bool(body["required"]), **_json(body)},
        "responses": {"200": done, "default": _TROUBLE},
    }


def _fact(fact: FactSpec) -> Part:
    item = _response(fact.response)
    media_types = ("application/x-ndjson", "text/event-stream") if fact.stream else ("application/json",)
    told = {
        "description": "One item per line or event." if fact.stream else "The fact.",
        "content": {media_type: {"schema": item} for media_type in media_types},
    }
    return {
        "description": fact.description,
        "parameters": [_in_query(name, field) for name, field in fact.query.items()],
        "responses": {"200": told, "default": _TROUBLE},
    }


def _view(view: ViewStoreSpec, answer: Part, parameters: list[Part]) -> Part:
    content = {media_type: {"schema": answer} for media_type in ("application/json", "text/event-stream")}
    shown = {"description": "What the view holds; as events: now and after every change.", "content": content}
    return {"description": view.description, "parameters": parameters, "responses": {"200": shown, "default": _TROUBLE}}


def _row(view: ViewStoreSpec) -> Part:
    # A row may be formatted on the way out, so its body is the schema's only where nothing shapes it.
    body = {"type": "object"} if view.format else json_schema(view.schema) | {"required": []}
    return {"type": "object", "required": ["id", "body"], "properties": {"id": {"type": "string"}, "body": body}}


def _page(view: ViewStoreSpec) -> Part:
    properties = {
        "content": {"type": "array", "items": _row(view)},
        "next": {"type": ["string", "null"]},
        "count": {"type": "integer"},
    }
    return {"type": "object", "required": ["content", "next"], "properties": properties}


_MIN_POSITION: Part = {
    "name": "min_position",
    "in": "query",
    "description": "A `Blossm-Position`: wait until the view has seen it.",
    "schema": {"type": "string"},
}


def _questions(view: ViewStoreSpec) -> Iterator[Part]:
    """What a view can be asked: conditions on indexed fields, and its own words."""
    for name in dict.fromkeys(name for index in indexes(view) for name in index.names):
        field = field_at(view.schema, name)
        if field is None or field.type not in COMPARABLE:
            continue
        schema = json_schema_of(field)
        yield {"name": name, "in": "query", "schema": schema}
        operators = ("gt", "gte", "lt", "lte", "in", *(["prefix"] if field.type in TEXTUAL else []))
        for operator in operators:
            listed = {"type": "array", "items": schema} if operator == "in" else schema
            yield {"name": f"{name}[{operator}]", "in": "query", "schema": listed}
    sorts = [",".join(f"-{name}" if way == "desc" else name for name, way in sort) for sort in view.sorts]
    if sorts:
        yield {"name": "sort", "in": "query", "description": f"Declared: {'; '.join(sorts)}", "schema": {"type": "string"}}
    if view.text:
        yield {"name": "text", "in": "query", "schema": {"type": "string"}}
    yield {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 50}}
    yield {"name": "cursor", "in": "query", "schema": {"type": "string"}}
    yield {"name": "count", "in": "query", "schema": {"type": "boolean"}}
    yield _MIN_POSITION


def _in_path(name: str, schema: Part) -> Part:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _in_query(name: str, field: Field) -> Part:
    schema = {"schema": json_schema_of(field)}
    written = {"content": {"application/json": schema}} if field.type in ("object", "map", "json") else schema
    return {"name": name, "in": "query", "required": field.required, **written}


def _response(field: Field | None) -> Part:
    return json_schema_of(field) if field else {}


def _json(schema: Part) -> Part:
    return {"content": {"application/json": {"schema": schema}}}
