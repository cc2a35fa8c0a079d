"""What a stack says about itself, in `Pulumi.<stack>.yaml`."""

from blossm_infra.settings.reading import load_settings, network_folder, settings_of
from blossm_infra.settings.stack import (
    KEYS,
    NESTED,
    AtlasSettings,
    ScaleSettings,
    StackSettings,
    StoreSettings,
)
from blossm_infra.stacks import STACKS, GatewayMode, Size, Stack, StoreKind, Tier

__all__ = [
    "KEYS",
    "NESTED",
    "STACKS",
    "AtlasSettings",
    "GatewayMode",
    "ScaleSettings",
    "Size",
    "Stack",
    "StackSettings",
    "StoreKind",
    "StoreSettings",
    "Tier",
    "load_settings",
    "network_folder",
    "settings_of",
]
