"""The rules, in the order of their ids."""

from __future__ import annotations

from blossm_infra.policy.rule import Rule

RULES: tuple[Rule, ...] = ()
