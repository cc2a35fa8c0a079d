"""Everything about databases that would be refused later, told before anything is registered."""

from __future__ import annotations

from blossm.model.network import Network
from blossm_infra.settings import StackSettings
from blossm_infra.stores.limits import limit_problems
from blossm_infra.stores.regions import region_problems


def store_problems(model: Network, settings: StackSettings) -> list[str]:
    """One sentence each. What settings may not say together is told by the settings themselves."""
    return [*region_problems(settings), *limit_problems(model, settings)]
