"""What a program registered: the graph, without an engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from blossm_infra.harness.hooks import Hook

STACK = "pulumi:pulumi:Stack"


@dataclass(slots=True, kw_only=True)
class Registered:
    """One resource or component with its inputs (by their wire names) and the options that mocks don't see.

    `depends_on` are the URNs of all that must be there before: what `depends_on=` names, with the children of components
    among them, and what inputs are made of. `timeouts` are by `create`, `update` and `delete`; `hooks_at` are names of
    hooks by moment (`before_delete`), and `hooks` all of these.
    """

    type: str
    name: str
    urn: str
    parent: str
    custom: bool
    inputs: dict[str, Any]
    protect: bool = False
    retain_on_delete: bool = False
    delete_before_replace: bool = False
    depends_on: tuple[str, ...] = ()
    provider: str = ""
    version: str = ""  # the provider's
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    import_id: str = ""
    deleted_with: str = ""
    timeouts: Mapping[str, str] = field(default_factory=dict)
    hooks: tuple[str, ...] = ()
    hooks_at: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Branch:
    """A resource and what lies below it."""

    resource: Registered
    children: tuple[Branch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that a run registered, parents before their children, in a fixed order."""

    resources: tuple[Registered, ...]
    invokes: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()  # what the program logged, `warning: …`
    hooks: Mapping[str, Hook] = field(default_factory=dict)  # by name

    def of(self, *types: str) -> tuple[Registered, ...]:
        return tuple(resource for resource in self.resources if resource.type in types)

    def one(self, type: str, *, name: str | None = None) -> Registered:
        """The only resource of a type, or the one with that name. Raises LookupError naming those there are."""
        found = [resource for resource in self.of(type) if name in (None, resource.name)]
        if len(found) == 1:
            return found[0]
        wanted = f"{type} {name}" if name else type
        there = ", ".join(resource.name for resource in self.of(type)) or "none of that type"
        raise LookupError(f"there is {'no' if not found else 'more than one'} {wanted}; there is: {there}")

    def counts(self) -> dict[str, int]:
        """How many there are of each type, components included."""
        return dict(sorted(Counter(resource.type for resource in self.resources).items()))

    @property
    def outputs(self) -> dict[str, Any]:
        """What the program exports."""
        return self.one(STACK).outputs

    def tree(self) -> Branch:
        below: dict[str, list[Registered]] = {}
        for resource in self.resources:
            below.setdefault(resource.parent, []).append(resource)

        def branch(resource: Registered) -> Branch:
            return Branch(resource, tuple(branch(child) for child in below.get(resource.urn, ())))

        return branch(self.one(STACK))


def in_tree_order(resources: dict[str, Registered]) -> Iterator[Registered]:
    """Parents first, then by type and name: the same however the event loop took turns."""
    below: dict[str, list[Registered]] = {}
    for resource in resources.values():
        below.setdefault(resource.parent, []).append(resource)

    def walk(parent: str) -> Iterator[Registered]:
        for child in sorted(below.get(parent, ()), key=lambda resource: (resource.type, resource.name)):
            yield child
            yield from walk(child.urn)

    return walk("")
