"""Expectations, checked: what must still be true of the log when a commit is logged."""

from __future__ import annotations

from collections.abc import Callable

from blossm.core.commit import Expectation, RootKey
from blossm.core.errors import Conflict


def broken(
    expect: Expectation, number: Callable[[RootKey], int], position: Callable[[str], int]
) -> Conflict | None:
    """The conflict with a log in which `number` is a root's latest number and `position` a domain's last position.

    Roots are looked at first: a conflict about a domain (its facts name no root) says that all roots still hold.
    """
    for key, expected in expect.roots.items():
        if (actual := number(key)) != expected:
            return moved_root(key, expected=expected, actual=actual)
    for domain, quiet in expect.quiet.items():
        if (last := position(domain)) >= quiet:
            return Conflict(
                f"{domain} was to be quiet from position {quiet} on, and has an event at {last}",
                facts={"domain": domain, "quiet": quiet, "is": last},
            )
    return None


def moved_root(key: RootKey, *, expected: int, actual: int) -> Conflict:
    """The conflict about one root, with what was expected and what is."""
    domain, root = key
    return Conflict(
        f"{domain} {root} is at number {actual}, not {expected}",
        facts={"domain": domain, "root": root, "expected": expected, "is": actual},
        help="read it again and decide anew",
    )


def only_quiet_failed(conflict: Conflict) -> bool:
    """Whether all roots held, and only a domain was not quiet."""
    return "quiet" in conflict.facts
