"""Where a stack's procedures stand, and how they find each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from blossm.model.network import Network, Ref
from blossm_infra import naming
from blossm_infra.deployed import callees, home
from blossm_infra.settings import StackSettings


@dataclass(frozen=True, kw_only=True)
class Subnet:
    """Through which procedures reach each other, and what only they may reach: never the public Internet."""

    network: pulumi.Input[str]
    subnetwork: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class Site:
    """What is the same for every procedure of a stack. `number` is the project's: part of every address."""

    model: Network
    settings: StackSettings
    number: str
    subnet: Subnet
    called: Mapping[Ref, tuple[Ref, ...]]

    def url(self, name: str) -> str:
        """Where a Cloud Run service of this name answers, known before it exists: two procedures may call each other."""
        return f"https://{name}-{self.number}.{self.settings.region}.run.app"

    def callees(self, ref: Ref) -> Mapping[str, str]:
        """Whom a procedure may call, as `kind/address` → URL; a log's event stores go by their service."""
        called = self.called.get(home(ref), ())
        return {f"{callee.kind}/{callee.address}": self.url(naming.service_name(callee)) for callee in called}


def site(model: Network, settings: StackSettings, *, number: str, subnet: Subnet) -> Site:
    return Site(model=model, settings=settings, number=number, subnet=subnet, called=callees(model))
