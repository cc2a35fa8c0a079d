"""What stands in for the providers: plausible outputs per resource type, and the few calls that are answered."""

from __future__ import annotations

import typing
from collections import abc
from typing import Any

from pulumi import _types

from blossm_infra.harness.strict import resource_class

PROJECT, NUMBER = "blossm-preview", "123456789012"

INVOKES: dict[str, dict[str, Any]] = {
    "gcp:organizations/getProject:getProject": {
        "id": f"projects/{PROJECT}",
        "projectId": PROJECT,
        "number": NUMBER,
    },
}


def outputs(token: str, name: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The id and the outputs that a resource would have once it exists: no declared output is missing."""
    physical = inputs.get("name", name)
    ident, known = _known(token, physical, inputs)
    return ident, {**_made_up(token, physical), **inputs, **known}


def _known(token: str, name: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    match token:
        case "gcp:serviceaccount/account:Account":
            email = f"{inputs['accountId']}@{PROJECT}.iam.gserviceaccount.com"
            return f"projects/{PROJECT}/serviceAccounts/{email}", {"email": email, "member": f"serviceAccount:{email}"}
        case "gcp:cloudrunv2/service:Service":
            ident = f"projects/{PROJECT}/locations/{inputs['location']}/services/{name}"
            return ident, {"name": name, "uri": f"https://{name}-{NUMBER}.{inputs['location']}.run.app"}
        case "gcp:pubsub/topic:Topic":
            return f"projects/{PROJECT}/topics/{name}", {"name": name}
        case _:
            return f"{name}-id", {}


def _made_up(token: str, name: str) -> dict[str, Any]:
    types = _types.resource_types(resource_class(token))
    values = {key: _sample(kind, f"{name}.{key}", 0) for key, kind in types.items() if key not in ("id", "urn")}
    return {key: value for key, value in values.items() if value is not None}


def _sample(kind: Any, name: str, depth: int) -> Any:
    kind = _types.unwrap_optional_type(kind)
    if kind is str:
        return name
    if kind is bool:
        return False
    if kind in (int, float):
        return 1
    if depth == 3:
        return None
    if typing.get_origin(kind) in (list, abc.Sequence):
        return [_sample(typing.get_args(kind)[0], name, depth + 1)]
    if isinstance(kind, type) and _types.is_output_type(kind):
        return {key: _sample(inner, f"{name}.{key}", depth + 1) for key, inner in _types.output_type_types(kind).items()}
    return None
