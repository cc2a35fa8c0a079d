"""A stack's settings: every mistake names the file, the key and what is allowed."""

from __future__ import annotations

import pulumi
import pytest

from blossm_infra.preview import SAMPLE
from blossm_infra.settings import settings_of


def _refused(stack: str = "prod", **changed: str | None) -> str:
    config = {**SAMPLE, **{key.replace("__", ":"): value for key, value in changed.items()}}
    with pytest.raises(pulumi.RunError) as refused:
        settings_of({key: value for key, value in config.items() if value is not None}, stack=stack)
    return str(refused.value)


@pytest.mark.parametrize(
    ("stack", "environment", "shape"),
    [
        ("dev", "development", "free"),
        ("staging", "staging", "small"),
        ("sandbox", "sandbox", "free"),
        ("prod", "production", "full"),
    ],
)
def test_each_stack_is_an_environment_and_has_a_shape(stack: str, environment: str, shape: str) -> None:
    settings = settings_of(SAMPLE, stack=stack)
    assert (settings.environment, settings.shape, settings.gateways) == (environment, shape, "none")


def test_a_stack_may_take_another_shape() -> None:
    assert settings_of({**SAMPLE, "blossm:shape": "small"}, stack="dev").shape == "small"


def test_a_stack_that_is_no_environment_is_refused() -> None:
    assert _refused(stack="qa") == "stack `qa`: a network has the stacks dev, staging, sandbox, prod, one per environment"


def test_a_missing_setting_says_what_it_takes() -> None:
    told = "Pulumi.prod.yaml: `gcp:project` is missing; it takes the id of a Google Cloud project that holds this stack alone"
    assert _refused(gcp__project=None) == told


def test_a_value_that_is_not_allowed_says_which_are() -> None:
    assert _refused(blossm__shape="huge") == "Pulumi.prod.yaml: `blossm:shape` is 'huge'; it takes `free`, `small` or `full`"


def test_a_misspelt_setting_says_which_one_is_meant() -> None:
    assert _refused(blossm__shpae="full") == "Pulumi.prod.yaml: unknown setting `blossm:shpae`; did you mean `blossm:shape`?"


@pytest.mark.parametrize("mode", ["mapping", "loadbalancer"])
def test_gateway_modes_that_come_later_are_refused_as_such(mode: str) -> None:
    assert f"`blossm:gateways` is '{mode}'" in _refused(blossm__gateways=mode)
    assert "come later" in _refused(blossm__gateways=mode)


@pytest.mark.parametrize("image", ["", "has spaces", "europe-docker.pkg.dev/p/r/i@sha256:short"])
def test_an_image_that_is_none_is_refused(image: str) -> None:
    assert f"`blossm:image` is {image!r}" in _refused(blossm__image=image)


def test_all_mistakes_are_told_at_once() -> None:
    told = _refused(blossm__shape="huge", gcp__region="Paris", blossm__network="").splitlines()
    assert [line.split("`")[1] for line in told] == ["gcp:region", "blossm:network", "blossm:shape"]


def test_settings_of_other_tools_are_left_alone() -> None:
    assert settings_of({**SAMPLE, "gcp:userProjectOverride": "true", "mine:anything": "1"}, stack="dev").stack == "dev"
