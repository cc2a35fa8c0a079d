"""What a stack's resources are found and billed by. Whatever takes labels gets these."""

from __future__ import annotations

from blossm.model.network import Network
from blossm_infra import naming
from blossm_infra.settings import StackSettings


def labels(model: Network, settings: StackSettings, **said: str) -> dict[str, str]:
    """The network and its environment, and what else is said of a resource; what is empty is left out."""
    values = {"network": model.name, "environment": settings.environment, **said}
    return {key: naming.label(value) for key, value in values.items() if value}
