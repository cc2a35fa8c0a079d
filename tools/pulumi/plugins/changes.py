"""What differs between two sets of inputs, and what of it can only be had by a new resource."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# As the real providers have it ("forces a new resource"); a type's own words come before those for all.
_REPLACING = frozenset(
    {
        *("accountId", "clusterName", "database", "dnsName", "keyRing", "location", "name", "orgId", "project", "projectId"),
        *("purpose", "region", "repositoryId", "secretId", "topic", "username", "authDatabaseName"),
        *("role", "member", "service", "domain", "filter", "enableMessageOrdering", "networkId"),
    }
)
_IN_PLACE = {
    "mongodbatlas:index/project:Project": {"name"},
    "gcp:compute/uRLMap:URLMap": {"region"},
    "gcp:compute/targetHttpsProxy:TargetHttpsProxy": {"service"},
    "gcp:compute/backendService:BackendService": {"service"},
}


def changed(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """The properties that differ. A write-only argument differs only with its version: the real bridge never reads it."""
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key) and not (is_write_only(key) and old.get(version := f"{key}Version") == new.get(version)):
            yield key


def replaces(token: str, key: str) -> bool:
    return key in _REPLACING and key not in _IN_PLACE.get(token, ())


def is_write_only(key: str) -> bool:
    return key.endswith("Wo")
