"""What a stack says about itself, in `Pulumi.<stack>.yaml`."""

from blossm_infra.settings.mistakes import named, refuse
from blossm_infra.settings.of_network import strangers
from blossm_infra.settings.reading import load_settings, network_folder, settings_of
from blossm_infra.settings.rules import NEW_SEED, without_seed
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
    "NEW_SEED",
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
    "named",
    "network_folder",
    "refuse",
    "settings_of",
    "strangers",
    "without_seed",
]
