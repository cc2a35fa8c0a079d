"""What differs between two sets of inputs, and what of it can only be had by a new resource."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Iterator
from typing import Any

from pulumi import _types

from blossm_infra.harness import strict

# What the real providers make a new resource for, and the SDKs' documentation rarely says; a type's exceptions come first.
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
    return (key in _REPLACING and key not in _IN_PLACE.get(token, ())) or key in _documented(token)


@functools.cache
def _documented(token: str) -> frozenset[str]:
    """The properties of which the SDK says that they can't be changed."""
    args = strict.args_class(token)
    wire = _types.input_type_py_to_pulumi_names(args)
    _, *told = _PARAMETER.split(inspect.getdoc(args.__init__) or "")  # type: ignore[misc]
    said = zip(told[::2], told[1::2], strict=True)
    return frozenset(wire.get(name, name) for name, text in said if _FIXED.search(" ".join(text.split())))


_PARAMETER = re.compile(r"^:param [^:]* (\w+):", re.M)
_FIXED = re.compile(r"\bimmutable\b|(cannot|can't) be (changed|modified|updated)|forces? (a new|recreation)", re.I)


def is_write_only(key: str) -> bool:
    return key.endswith("Wo")
