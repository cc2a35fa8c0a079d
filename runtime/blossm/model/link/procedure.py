"""What every kind of procedure has."""

from __future__ import annotations

from typing import Any

from blossm.model.headers import merged_shape
from blossm.model.link.index import Draft, Index
from blossm.model.network import Shape
from blossm.model.schema.per_environment import chosen


def shared(draft: Draft, index: Index) -> dict[str, Any]:
    """The arguments that every spec takes."""
    env = chosen(draft.keys.env, index.environment) or {}
    for name in draft.keys.secrets:
        if name in env:
            index.findings.add("B004", f"`{name}` stands in `env` and in `secrets`", draft.document.key("secrets", name))
    return {
        "name": draft.name or draft.domain or draft.context or draft.service or draft.address,
        "address": draft.address,
        "at": draft.document.key("procedure").place,
        "service": draft.service,
        "domain": draft.domain,
        "context": draft.context,
        "description": draft.keys.description,
        "shape": _shape(draft, index),
        "env": {name: value.replace("$network", index.host) for name, value in env.items()},
        "secrets": draft.keys.secrets,
        "examples": tuple(example.model_dump(exclude_unset=True) for example in getattr(draft.keys, "examples", ())),
    }


def _shape(draft: Draft, index: Index) -> Shape:
    shape = Shape(**merged_shape(draft.placed.headers, draft.keys))  # type: ignore[arg-type]  # the keys are Shape's own
    if shape.min_instances is not None and shape.max_instances is not None and shape.min_instances > shape.max_instances:
        key = next((key for key in ("max_instances", "min_instances") if key in draft.document.data), "procedure")
        message = f"at least {shape.min_instances} instances are more than at most {shape.max_instances}"
        index.findings.add("B106", message, draft.document.value(key))
    return shape
