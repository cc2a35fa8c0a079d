"""The stacks that a network has, and the words by which their settings choose."""

from __future__ import annotations

from typing import Literal

from blossm.model.network import Environment

Stack = Literal["dev", "staging", "sandbox", "prod"]
Size = Literal["free", "small", "full"]
GatewayMode = Literal["none", "mapping", "loadbalancer"]
StoreKind = Literal["event-store", "view-store"]
Tier = Literal["M0", "FLEX", "M10", "M20", "M30", "M40", "M50", "M60", "M80"]

STACKS: dict[str, Environment] = {
    "dev": "development",
    "staging": "staging",
    "sandbox": "sandbox",
    "prod": "production",
}
STORES: tuple[StoreKind, ...] = ("event-store", "view-store")
SHARED: frozenset[Tier] = frozenset({"M0", "FLEX"})
"""Tiers without machines of their own: no private endpoint, and passwords instead of workload identity."""

SIZES: dict[str, Size] = {"dev": "free", "staging": "small", "sandbox": "free", "prod": "full"}
GATEWAYS: dict[Size, GatewayMode] = {"free": "mapping", "small": "loadbalancer", "full": "loadbalancer"}
