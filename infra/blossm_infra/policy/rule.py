"""What a rule is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from blossm_infra.harness.plan import Plan, Registered
from blossm_infra.settings import StackSettings

Severity = Literal["error", "warning"]
Broken = Iterator[tuple[Registered, str]]
"""Which resources break a rule, and by what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One resource that breaks one rule: what is wrong with it, and what to do."""

    rule: str
    severity: Severity
    resource: str
    message: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Something that must be so in every stack, or in those that `check` looks at. `reason` says why, in one line."""

    id: str
    says: str
    reason: str
    fix: str
    check: Callable[[Plan, StackSettings], Broken]
    severity: Severity = "error"

    def findings(self, plan: Plan, stack: StackSettings) -> Iterator[Finding]:
        for resource, message in self.check(plan, stack):
            name = f"{resource.type} {resource.name}"
            yield Finding(rule=self.id, severity=self.severity, resource=name, message=message, fix=self.fix)
