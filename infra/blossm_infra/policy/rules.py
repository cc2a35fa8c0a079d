"""The rules, in the order of their ids."""

from __future__ import annotations

from blossm_infra.policy import calls, doors, running, stores
from blossm_infra.policy.rule import Rule

RULES: tuple[Rule, ...] = tuple(sorted((*doors.RULES, *running.RULES, *calls.RULES, *stores.RULES), key=lambda rule: rule.id))
