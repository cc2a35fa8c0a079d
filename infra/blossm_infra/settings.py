"""What a stack says about itself, in `Pulumi.<stack>.yaml`."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pulumi
from pulumi.runtime import get_root_directory
from pulumi.runtime.config import CONFIG  # the SDK has no public way to list what a stack configures
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails

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
_SIZES: dict[str, Size] = {"dev": "free", "staging": "small", "sandbox": "free", "prod": "full"}
_GATEWAYS: dict[Size, GatewayMode] = {"free": "mapping", "small": "loadbalancer", "full": "loadbalancer"}

_IMAGE = r"^[a-z0-9][A-Za-z0-9./_:-]*(@sha256:[0-9a-f]{64})?$"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ScaleSettings(_Part):
    """What a stack says about instances, over the shape and over blossm.yaml."""

    min_instances: int | None = Field(default=None, ge=0, le=1000, description="a whole number from 0")
    max_instances: int | None = Field(default=None, ge=1, le=1000, description="a whole number from 1")
    concurrency: int | None = Field(default=None, ge=1, le=1000, description="a whole number from 1 to 1000")
    cpu_idle: bool | None = Field(default=None, description="true or false")


class StoreSettings(_Part):
    """What a stack says about one of its two clusters."""

    tier: Tier | None = Field(default=None, description="an Atlas tier: M0, FLEX, M10, M20, …")
    backup: bool | None = Field(default=None, description="true or false")


class AtlasSettings(_Part):
    """The Atlas organisation in which the stack has its projects."""

    organization: str = Field(pattern=r"^[0-9a-f]{24}$", description="the id of an Atlas organization, 24 hex digits")
    region: str = Field(default="", description="an Atlas region on Google Cloud, like `WESTERN_EUROPE`")
    identity_provider: str = Field(
        default="",
        pattern=r"^([0-9a-f]{24})?$",
        description="the id of the organization's workload identity provider for Google, 24 hex digits; for M10 and larger",
    )


class StackSettings(_Part):
    """Everything that a stack decides. Each description says what is allowed, as messages and the docs do."""

    stack: Stack
    project: str = Field(
        alias="gcp:project",
        pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$",
        description="the id of a Google Cloud project that holds this stack alone",
    )
    region: str = Field(
        alias="gcp:region", pattern=r"^[a-z]+-[a-z]+[0-9]+$", description="a Google Cloud region, like `europe-west1`"
    )
    network: str = Field(
        alias="blossm:network", min_length=1, description="the folder of the network, from the folder of `Pulumi.yaml`"
    )
    image: str = Field(
        alias="blossm:image",
        pattern=_IMAGE,
        description="the container image of the network, by digest (`…@sha256:…`); outside production a tag will do",
    )
    images: dict[str, str] = Field(
        default={}, alias="blossm:images", description="an image for some procedures only, `kind/address: image`"
    )
    atlas: AtlasSettings = Field(
        alias="blossm:atlas", description="`organization`, and where needed `region` and `identity_provider`"
    )
    shape: Size = Field(alias="blossm:shape", description="`free`, `small` or `full`")
    gateways: GatewayMode = Field(
        alias="blossm:gateways",
        description="`loadbalancer`, `mapping` (Cloud Run's own domain mappings) or `none` (run.app addresses)",
    )
    stores: dict[StoreKind, StoreSettings] = Field(
        default={}, alias="blossm:stores", description="for `event-store` and `view-store`: `tier` and `backup`"
    )
    scale: dict[str, ScaleSettings] = Field(
        default={},
        alias="blossm:scale",
        description="for a kind or a procedure (`kind/address`): `min_instances`, `max_instances`, `concurrency`, `cpu_idle`",
    )
    protect: bool | None = Field(default=None, alias="blossm:protect", description="true or false; in production always true")
    tick: str = Field(default="", alias="blossm:tick", description="how often the safety net looks, as cron in UTC")
    delegations: dict[str, Literal["stack"] | list[str]] = Field(
        default={},
        alias="blossm:delegations",
        description="in production, for other stacks: `stack` (ask it) or a list of name servers",
    )
    database_seed: SecretStr = Field(
        default=SecretStr(""),
        alias="blossm:databaseSeed",
        description="a secret of 32 characters or more, from which passwords are made for databases below M10",
    )

    @property
    def environment(self) -> Environment:
        return STACKS[self.stack]


def load_settings() -> StackSettings:
    """The settings of the stack that this program runs for. Raises `pulumi.RunError` with every mistake."""
    return settings_of(CONFIG.get(), stack=pulumi.get_stack())


def network_folder(settings: StackSettings) -> Path:
    """Where the stack's network lies."""
    return Path(get_root_directory() or ".") / settings.network


def settings_of(config: Mapping[str, str], *, stack: str) -> StackSettings:
    """The settings in a stack's configuration (`namespace:key` → text). Other tools' namespaces are left alone."""
    if stack not in STACKS:
        raise pulumi.RunError(f"stack `{stack}`: a network has the stacks {', '.join(STACKS)}, one per environment")
    ours = {key: _read(value) for key, value in config.items() if key.startswith("blossm:") or key in KEYS}
    shape = ours.get("blossm:shape", _SIZES[stack])
    defaults = {"stack": stack, "blossm:shape": shape, "blossm:gateways": _GATEWAYS.get(shape, "none")}
    try:
        return StackSettings.model_validate({**defaults, **ours})
    except ValidationError as invalid:
        mistakes = [f"Pulumi.{stack}.yaml: {_told(error)}" for error in invalid.errors()]
        raise pulumi.RunError("\n".join(mistakes)) from None


def _read(value: str) -> Any:
    """The CLI hands lists and maps over as JSON."""
    try:
        return json.loads(value) if value[:1] in "[{" else value
    except ValueError:
        return value


def _allowed() -> dict[str, str]:
    fields = StackSettings.model_fields.values()
    return {field.alias: field.description or "" for field in fields if field.alias}


KEYS = _allowed()
"""Every setting there is → what it takes."""


def _told(error: ErrorDetails) -> str:
    key = str(error["loc"][0])
    match error["type"]:
        case "missing":
            return f"`{key}` is missing; it takes {KEYS[key]}"
        case "extra_forbidden":
            near = difflib.get_close_matches(key, KEYS, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(KEYS)}"
            return f"unknown setting `{key}`; {hint}"
        case _:
            return f"`{key}` is {error['input']!r}; it takes {KEYS[key]}"
