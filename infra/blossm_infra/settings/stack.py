"""Everything that a stack may decide: what each setting is called, and what it takes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, SkipValidation

from blossm.model.network import Environment
from blossm.model.schema.values import Cron
from blossm_infra.settings.stack_file import StackFile
from blossm_infra.shapes import SHAPES
from blossm_infra.stacks import SHARED, STACKS, STORES, GatewayMode, Size, Stack, StoreKind, Tier

_IMAGE = r"^[a-z0-9][A-Za-z0-9._-]*(:[0-9]+)?(/[A-Za-z0-9._-]+)*(:[A-Za-z0-9._-]+)?(@sha256:[0-9a-f]{64})?$"

Image = Annotated[str, Field(pattern=_IMAGE, description="a container image, `…@sha256:…` or outside production `…:tag`")]
AnyCase = BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ScaleSettings(_Part):
    """What a stack says about instances."""

    min_instances: int | None = Field(default=None, ge=0, le=1000, description="a whole number from 0 to 1000")
    max_instances: int | None = Field(default=None, ge=1, le=1000, description="a whole number from 1 to 1000")
    concurrency: int | None = Field(default=None, ge=1, le=1000, description="a whole number from 1 to 1000")
    cpu_idle: bool | None = Field(
        default=None, description="true: an instance has a CPU only while it answers; false: always, which costs more"
    )


class StoreSettings(_Part):
    """What a stack says about one of its two clusters."""

    tier: Annotated[Tier | None, AnyCase] = Field(
        default=None,
        description="an Atlas tier: `M0` (only in shape `free`), `FLEX`, `M10`, `M20`, `M30`, `M40`, `M50`, `M60` or `M80`",
    )
    backup: bool | None = Field(default=None, description="true or false; from `M10` up")


class AtlasSettings(_Part):
    """The Atlas organisation in which the stack has its projects."""

    organization: str = Field(pattern=r"^[0-9a-f]{24}$", description="the id of an Atlas organization, 24 hex digits")
    region: str = Field(
        default="", pattern=r"^[A-Z][A-Z0-9_]*$", description="an Atlas region on Google Cloud, like `WESTERN_EUROPE`"
    )
    identity_provider: str = Field(
        default="",
        pattern=r"^[0-9a-f]{24}$",
        description="the id of the organization's workload identity provider for Google, 24 hex digits; for `M10` and larger",
    )


class StackSettings(_Part):
    """Each description says what is allowed, as messages and the docs do."""

    stack: Stack
    file: Annotated[StackFile, SkipValidation]
    project: str = Field(
        alias="gcp:project",
        pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$",
        description="the id of a Google Cloud project that holds this stack alone",
    )
    region: str = Field(
        alias="gcp:region", pattern=r"^[a-z]+-[a-z]+[0-9]+$", description="a Google Cloud region, like `europe-west1`"
    )
    network: str = Field(alias="blossm:network", description="the folder of the network, from the folder of `Pulumi.yaml`")
    image: Image = Field(
        alias="blossm:image",
        description="the container image of the network, by digest (`…@sha256:…`); outside production a tag will do",
    )
    images: dict[str, Image] = Field(
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
    protect: bool | None = Field(
        default=None,
        alias="blossm:protect",
        description="true or false: whether event stores can't be deleted; in production always true",
    )
    tick: Cron = Field(
        default="", alias="blossm:tick", description='how often the safety net looks, as cron in UTC, like `"*/5 * * * *"`'
    )
    delegations: dict[Stack, Literal["stack"] | list[str]] = Field(
        default={},
        alias="blossm:delegations",
        description="in production, for other stacks: `stack` (ask it) or a list of name servers",
    )
    database_seed: SecretStr = Field(
        default=SecretStr(""),
        alias="blossm:databaseSeed",
        description="a secret of 32 characters or more, from which passwords are made for databases below `M10`",
    )

    @property
    def environment(self) -> Environment:
        return STACKS[self.stack]

    def tier(self, kind: StoreKind) -> Tier:
        """How large a cluster is: the stack's word, or its shape's."""
        said = self.stores.get(kind)
        return (said and said.tier) or SHAPES[self.shape].tiers[kind]

    @property
    def lacks_seed(self) -> bool:
        """Whether databases need passwords, and there is nothing to make them from."""
        return not self.database_seed.get_secret_value() and any(self.tier(kind) in SHARED for kind in STORES)


PARTS: dict[str, type[_Part]] = {
    "blossm:atlas": AtlasSettings,
    "blossm:stores": StoreSettings,
    "blossm:scale": ScaleSettings,
}
"""The settings that have settings of their own: at once, or below the names of stores or procedures."""


def _said(part: type[BaseModel]) -> dict[str, str]:
    return {field.alias or name: field.description or "" for name, field in part.model_fields.items() if field.description}


KEYS = _said(StackSettings)
"""Every setting there is → what it takes."""

NESTED = {key: _said(part) for key, part in PARTS.items()}
"""The same for the settings inside of settings."""
