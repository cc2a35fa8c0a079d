"""Rules that every stack keeps, whoever wrote its components: pure functions over a plan."""

from __future__ import annotations

from blossm_infra.harness.plan import Plan
from blossm_infra.policy.rule import Finding, Rule, Severity
from blossm_infra.policy.rules import RULES
from blossm_infra.settings import StackSettings

__all__ = ["RULES", "Finding", "Rule", "Severity", "findings"]


def findings(plan: Plan, *, stack: StackSettings) -> tuple[Finding, ...]:
    """What breaks a rule, by rule and then in the plan's order. A plan with unknowns is enough."""
    return tuple(finding for rule in RULES for finding in rule.findings(plan, stack))
