"""How what was logged in former years is read today. They change the payload that they get: it is theirs."""

from __future__ import annotations

from typing import Any


def painted_1_to_2(payload: dict[str, Any]) -> dict[str, Any]:
    payload["color"] = payload.pop("colour").lower()
    return payload


def painted_2_to_3(payload: dict[str, Any]) -> dict[str, Any]:
    return {**payload, "coats": 1}


def sold_1_to_2(payload: dict[str, Any]) -> dict[str, Any]:
    return {"owner": {"name": payload["name"]}}
