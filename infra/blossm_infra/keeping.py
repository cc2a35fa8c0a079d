"""What keeps event stores from being lost by accident: refusals that come before anything is changed."""

from __future__ import annotations

import pulumi

from blossm_infra.settings import StackSettings
from blossm_infra.shapes import SHAPES


def keeps(settings: StackSettings) -> bool:
    """Whether this stack refuses to lose an event store: production always."""
    if settings.environment == "production":
        return True
    return SHAPES[settings.shape].deletion_protection if settings.protect is None else settings.protect


def kept(settings: StackSettings, *, parent: pulumi.Resource) -> pulumi.ResourceOptions:
    """The options of a resource without which an event store would be lost."""
    return pulumi.ResourceOptions(parent=parent)
