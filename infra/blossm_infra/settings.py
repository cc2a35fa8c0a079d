"""What a stack says about itself, in `Pulumi.<stack>.yaml`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pulumi
from pulumi.runtime import get_root_directory
from pulumi.runtime.config import CONFIG  # the SDK has no public way to list what a stack configures
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from blossm.model.network import Environment

Size = Literal["free", "small", "full"]

STACKS: dict[str, Environment] = {
    "dev": "development",
    "staging": "staging",
    "sandbox": "sandbox",
    "prod": "production",
}
_SIZES: dict[str, Size] = {"dev": "free", "staging": "small", "sandbox": "free", "prod": "full"}


class StackSettings(BaseModel):
    """Everything that a stack decides. Each description says what is allowed, as messages and the docs do."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=False)

    stack: Literal["dev", "staging", "sandbox", "prod"]
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
        pattern=r"^[a-z0-9][A-Za-z0-9./_:-]*(@sha256:[0-9a-f]{64})?$",
        description="the container image of the network, best by digest (`…@sha256:…`)",
    )
    shape: Size = Field(alias="blossm:shape", description="`free`, `small` or `full`")
    gateways: Literal["none"] = Field(
        default="none",
        alias="blossm:gateways",
        description="`none`: gateways answer at their run.app addresses (`mapping` and `loadbalancer` come later)",
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
    ours = {key: value for key, value in config.items() if key.startswith("blossm:") or key in KEYS}
    try:
        return StackSettings.model_validate({"stack": stack, "blossm:shape": _SIZES[stack], **ours})
    except ValidationError as invalid:
        mistakes = [f"Pulumi.{stack}.yaml: {_told(error)}" for error in invalid.errors()]
        raise pulumi.RunError("\n".join(mistakes)) from None


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
