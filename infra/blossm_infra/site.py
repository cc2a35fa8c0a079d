"""Where a stack's procedures stand, and how they find each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from blossm.model.network import Network, Ref
from blossm_infra import naming
from blossm_infra.deployed import callees, home
from blossm_infra.labels import labels
from blossm_infra.settings import StackSettings


@dataclass(frozen=True, kw_only=True)
class Subnet:
    """Through which procedures reach each other, and what only they may reach: never the public Internet."""

    network: pulumi.Input[str]
    subnetwork: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """A key in KMS by its full path, and what must be there before anybody may use it."""

    path: str
    needs: tuple[pulumi.Resource, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Site:
    """What is the same for every procedure of a stack.

    `number` is the project's: part of every address. `keys` are signing keys, as the issuers of the header name them.
    """

    model: Network
    settings: StackSettings
    number: str
    subnet: Subnet
    called: Mapping[Ref, tuple[Ref, ...]]
    keys: Mapping[str, SigningKey] = field(default_factory=dict)

    def url(self, name: str) -> str:
        """Where a Cloud Run service of this name answers, known before it exists: two procedures may call each other."""
        return f"https://{name}-{self.number}.{self.settings.region}.run.app"

    def urls(self, *refs: Ref) -> dict[str, str]:
        """Where these answer, as `kind/address` → URL; a log's event stores go by their service."""
        return {f"{ref.kind}/{ref.address}": self.url(naming.service_name(ref)) for ref in map(home, refs)}

    def callees(self, ref: Ref) -> Mapping[str, str]:
        """Where those answer that a procedure may call."""
        return self.urls(*self.called.get(home(ref), ()))

    def labels(self, **said: str) -> dict[str, str]:
        return labels(self.model, self.settings, **said)


def site(
    model: Network,
    settings: StackSettings,
    *,
    number: str,
    subnet: Subnet,
    keys: Mapping[str, SigningKey] | None = None,
) -> Site:
    return Site(model=model, settings=settings, number=number, subnet=subnet, called=callees(model), keys=keys or {})
