"""What networks would consist of; each is planned once, however many tests look at the plan. None of them changes it."""

from __future__ import annotations

from collections.abc import Mapping

from blossm.model.network import Network
from blossm_infra.preview import SAMPLE, Plan, preview

_KEPT = 40  # of some 5 MB each
_made: dict[str, Plan] = {}


def planned(model: Network, *, stack: str = "dev", config: Mapping[str, str] | None = None, unknowns: bool = False) -> Plan:
    """As `preview`: the same plan to whoever asks for the same."""
    asked = repr((model, stack, sorted({**SAMPLE, **(config or {})}.items()), unknowns))
    plan = _made.pop(asked, None) or preview(model, stack=stack, config=config, unknowns=unknowns)
    _made[asked] = plan  # the last to be asked for is the last to leave
    if len(_made) > _KEPT:
        del _made[next(iter(_made))]
    return plan
