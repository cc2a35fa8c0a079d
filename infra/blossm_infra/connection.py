"""What somebody needs to reach a database: which variables, which secrets, and what must be there before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_gcp.serviceaccount as serviceaccount

from blossm_infra.site import Subnet


@dataclass(frozen=True, kw_only=True)
class Connection:
    """`secrets` are ids of Secret Manager's secrets; whoever connects starts after all of `needs`.

    `project` is where the data lie, in Atlas: in another one they are other data.
    `way_out`: the database lets in only one public address, so everything that leaves must leave by this subnet, which has it.
    """

    env: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    needs: tuple[pulumi.Resource, ...] = ()
    project: pulumi.Input[str] = ""
    way_out: Subnet | None = None


NO_DATABASE = Connection()

Connect = Callable[[serviceaccount.Account], Connection]
"""Lets an account in, and says how it gets there."""
