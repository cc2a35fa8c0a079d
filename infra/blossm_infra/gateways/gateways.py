"""How the world reaches a network's gateways, under the names that the model gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from blossm_infra.procedure import Procedure
from blossm_infra.site import Site


@dataclass(frozen=True, kw_only=True)
class GatewaysArgs:
    """`procedures` are the gateways' services, by host name."""

    site: Site
    procedures: Mapping[str, Procedure]


class Gateways(pulumi.ComponentResource):
    """Host names, certificates and DNS of all gateways."""

    def __init__(self, name: str, args: GatewaysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:Gateways", name, None, opts)
        self.name_servers: pulumi.Input[list[str]] = []
        self.register_outputs({})
