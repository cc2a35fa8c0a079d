"""What a cloud refuses to delete, whatever the engine says."""

from __future__ import annotations

from typing import Any

# Where a deletion is refused unless the resource says otherwise: the provider's own default.
_PROTECTED_BY_DEFAULT = frozenset(
    {"gcp:cloudrunv2/service:Service", "gcp:cloudrunv2/job:Job", "gcp:cloudrunv2/workerPool:WorkerPool"}
)


def refusal(token: str, properties: dict[str, Any]) -> str:
    """Why it may not be deleted, or nothing."""
    if properties.get("deletionPolicy") == "PREVENT":
        return "`deletionPolicy` is PREVENT"
    if properties.get("deletionProtection", token in _PROTECTED_BY_DEFAULT):
        return "`deletionProtection` is true"
    if properties.get("terminationProtectionEnabled"):
        return "`terminationProtectionEnabled` is true"
    return ""
