"""A stack's settings: every mistake names the file, the line, the key and what is allowed; all of them are told at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
from tests.infra.networks import bicycle_city

from blossm_infra.preview import SAMPLE
from blossm_infra.project import SECRET, read_project
from blossm_infra.settings import STACKS, StackSettings, refuse, settings_of, strangers, without_seed
from blossm_infra.settings.stack_file import StackFile, read_stack_file

ROOT = Path(__file__).parents[2]
NO_SEED = {key: value for key, value in SAMPLE.items() if key != "blossm:databaseSeed"}


def _settings(stack: str = "prod", **changed: Any) -> StackSettings:
    return settings_of(_config(**changed), stack=stack)


def _config(**changed: Any) -> dict[str, str]:
    """`blossm__stores={…}` as the CLI hands it over: text, or JSON. None takes a setting away."""
    config = {**SAMPLE, **{key.replace("__", ":"): value for key, value in changed.items()}}
    return {key: v if isinstance(v, str) else json.dumps(v) for key, v in config.items() if v is not None}


def _refused(stack: str = "prod", **changed: Any) -> str:
    with pytest.raises(pulumi.RunError) as refused:
        _settings(stack, **changed)
    return str(refused.value)


@pytest.mark.parametrize(
    ("stack", "environment", "shape", "gateways", "tier"),
    [
        ("dev", "development", "free", "mapping", "M0"),
        ("staging", "staging", "small", "loadbalancer", "FLEX"),
        ("sandbox", "sandbox", "free", "mapping", "M0"),
        ("prod", "production", "full", "loadbalancer", "M10"),
    ],
)
def test_each_stack_is_an_environment_and_has_a_shape(stack: str, environment: str, shape: str, gateways: str, tier: str) -> None:
    settings = _settings(stack)
    assert (settings.environment, settings.shape, settings.gateways) == (environment, shape, gateways)
    assert {settings.tier("event-store"), settings.tier("view-store")} == {tier}


def test_a_stack_may_take_another_shape_or_another_part_of_one() -> None:
    assert _settings("dev", blossm__shape="small").gateways == "loadbalancer"
    settings = _settings("dev", blossm__shape="small", blossm__gateways="none", blossm__stores={"view-store": {"tier": "M10"}})
    assert (settings.gateways, settings.tier("event-store"), settings.tier("view-store")) == ("none", "FLEX", "M10")


def test_a_stack_that_is_no_environment_is_refused() -> None:
    assert _refused(stack="qa") == "stack `qa`: a network has the stacks dev, staging, sandbox, prod, one per environment"


def test_a_missing_setting_says_what_it_takes() -> None:
    told = "Pulumi.prod.yaml: `gcp:project` is missing; it takes the id of a Google Cloud project that holds this stack alone"
    assert _refused(gcp__project=None) == told
    assert _refused(blossm__atlas={}) == (
        "Pulumi.prod.yaml: `blossm:atlas.organization` is missing; it takes the id of an Atlas organization, 24 hex digits"
    )


def test_a_setting_with_nothing_behind_it_is_not_there() -> None:
    assert "`blossm:image` is missing" in _refused(blossm__image="")
    assert _settings(blossm__tick="", blossm__stores={"event-store": {"tier": None}}).tier("event-store") == "M10"


def test_a_missing_setting_is_looked_for_under_other_names() -> None:
    assert "is `city:image` meant to be it?" in _refused(blossm__image=None, city__image="example.org/city")
    assert "is `gcp:regoin` meant to be it?" in _refused(gcp__region=None, gcp__regoin="europe-west1")


def test_a_value_that_is_not_allowed_says_which_are() -> None:
    assert _refused(blossm__shape="huge") == "Pulumi.prod.yaml: `blossm:shape` is 'huge'; it takes `free`, `small` or `full`"


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        (
            "blossm__stores",
            {"event-store": {"tier": "M7"}},
            "`blossm:stores.event-store.tier` is 'M7'; it takes an Atlas tier: `M0`",
        ),
        (
            "blossm__stores",
            {"event-store": {"backup": "maybe"}},
            "`blossm:stores.event-store.backup` is 'maybe'; it takes true or false",
        ),
        ("blossm__stores", ["M10"], '`blossm:stores` is ["M10"]; it takes for `event-store` and `view-store`'),
        ("blossm__stores", "{broken", "`blossm:stores` is '{broken'; it takes"),
        ("blossm__atlas", {"organization": "mine"}, "`blossm:atlas.organization` is 'mine'; it takes the id of an Atlas org"),
        (
            "blossm__scale",
            {"command": {"max_instances": 0}},
            "`blossm:scale.command.max_instances` is 0; it takes a whole number from 1",
        ),
        ("blossm__protect", "perhaps", "`blossm:protect` is 'perhaps'; it takes true or false"),
        (
            "blossm__tick",
            "every minute",
            "`blossm:tick` is 'every minute'; it takes how often the safety net looks, as cron in UTC",
        ),
        ("blossm__tick", "* * * * * *", "`blossm:tick` is '* * * * * *'; it takes how often"),
        ("blossm__delegations", {"dev": 5}, "`blossm:delegations.dev` is 5; it takes in production, for other stacks: `stack`"),
        ("gcp__region", "Paris", "`gcp:region` is 'Paris'; it takes a Google Cloud region, like `europe-west1`"),
    ],
)
def test_a_nested_value_that_is_not_allowed_is_named_with_its_path(key: str, value: Any, told: str) -> None:
    lines = _refused(**{key: value}).splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"Pulumi.prod.yaml: {told}")


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("blossm__shpae", "full", "unknown setting `blossm:shpae`; did you mean `blossm:shape`?"),
        ("blosm__shape", "full", "unknown setting `blosm:shape`; did you mean `blossm:shape`?"),
        ("blossm__stores", {"eventstore": {}}, "unknown setting `blossm:stores.eventstore`; did you mean `event-store`?"),
        (
            "blossm__stores",
            {"event-store": {"teir": "M10"}},
            "unknown setting `blossm:stores.event-store.teir`; did you mean `tier`?",
        ),
        (
            "blossm__atlas",
            {"organisation": "0" * 24},
            "unknown setting `blossm:atlas.organisation`; did you mean `organization`?",
        ),
        (
            "blossm__scale",
            {"fact/price": {"min": 1}},
            'unknown setting `blossm:scale["fact/price"].min`; there are: `concurrency`',
        ),
        ("blossm__delegations", {"qa": "stack"}, "unknown setting `blossm:delegations.qa`; there are: `dev`, `prod`"),
    ],
)
def test_a_misspelt_setting_says_which_one_is_meant(key: str, value: Any, told: str) -> None:
    assert f"Pulumi.prod.yaml: {told}" in _refused(**{key: value})


@pytest.mark.parametrize("image", ["has spaces", "europe-docker.pkg.dev/p/r/i@sha256:short", "https://example.org/image"])
def test_an_image_that_is_none_is_refused(image: str) -> None:
    assert f"`blossm:image` is {image!r}" in _refused(blossm__image=image)
    assert '`blossm:images["fact/price"]` is ' in _refused(blossm__images={"fact/price": image})


def test_all_mistakes_are_told_at_once_also_those_of_settings_together() -> None:
    told = _refused(blossm__shape="huge", gcp__region="Paris", blossm__network="", blossm__protect="false", blossm__image="a/b:c")
    assert [line.split("`")[1] for line in told.splitlines()] == [
        "gcp:region",
        "blossm:network",
        "blossm:shape",
        "blossm:protect",
        "blossm:image",
    ]


def test_settings_of_other_tools_are_left_alone() -> None:
    assert _settings("dev", gcp__userProjectOverride="true", mine__anything="1").stack == "dev"


def test_numbers_and_flags_may_come_as_text() -> None:
    settings = _settings(
        blossm__scale={"command": {"min_instances": "2", "cpu_idle": "false"}}, blossm__stores={"view-store": {"tier": "m20"}}
    )
    assert (settings.scale["command"].min_instances, settings.scale["command"].cpu_idle) == (2, False)
    assert settings.tier("view-store") == "M20"


# What settings may not say together.


def test_a_free_database_is_only_for_free_stacks() -> None:
    told = _refused("staging", blossm__stores={"view-store": {"tier": "M0"}})
    assert told == (
        "Pulumi.staging.yaml: `blossm:stores.view-store.tier` is M0, which is open to every address and only for shape `free`; "
        "`small` takes FLEX, M10 or larger"
    )


def test_backups_can_be_chosen_from_m10_up() -> None:
    assert "`blossm:stores.event-store.backup` is true, but M0 has no backups" in _refused(
        "dev", blossm__stores={"event-store": {"backup": True}}
    )
    assert _settings(blossm__stores={"event-store": {"backup": True}}).stores["event-store"].backup


def test_large_databases_need_to_know_whom_to_believe() -> None:
    told = _refused(blossm__atlas={"organization": "0" * 24})
    assert told.startswith("Pulumi.prod.yaml: `blossm:atlas.identity_provider` is missing: from M10 up procedures come in by")
    assert "`event-store` is M10 and `view-store` is M10" in told
    assert _settings("dev", blossm__atlas={"organization": "0" * 24})


def test_a_seed_that_can_be_guessed_is_refused_and_not_shown() -> None:
    told = _refused("dev", blossm__databaseSeed="hunter2")
    assert told.startswith(
        "Pulumi.dev.yaml: `blossm:databaseSeed` has 7 characters; it takes 32 or more: pulumi config set --secret"
    )
    assert "hunter2" not in told


def test_a_seed_may_look_like_json() -> None:
    seed = '{"not": "a map, but thirty-two characters"}'
    assert _settings(blossm__databaseSeed=seed).database_seed.get_secret_value() == seed


def test_a_secret_value_that_is_wrong_is_not_shown() -> None:
    with pytest.raises(pulumi.RunError, match="`gcp:region` is not as it should be; it takes a Google Cloud region"):
        settings_of(_config(gcp__region="Hidden"), stack="dev", secrets=["gcp:region"])


def test_production_is_protected_and_runs_images_that_never_move() -> None:
    assert "`blossm:protect` is false; in production event stores are always protected" in _refused(blossm__protect="false")
    assert _settings("dev", blossm__protect="false").protect is False
    assert "`blossm:image` is 'example.org/city:v1'; in production an image is named by its digest" in _refused(
        blossm__image="example.org/city:v1"
    )
    assert "`blossm:images[\"fact/price\"]` is 'example.org/price'; in production" in _refused(
        blossm__images={"fact/price": "example.org/price"}
    )


def test_only_production_delegates_and_only_to_others() -> None:
    assert "`blossm:delegations` is only for `prod`" in _refused("dev", blossm__delegations={"staging": "stack"})
    assert "`blossm:delegations.prod` is this stack itself" in _refused(blossm__delegations={"prod": "stack"})
    assert _settings(blossm__delegations={"dev": "stack", "staging": ["ns1.example."]}).delegations["dev"] == "stack"


def test_a_least_is_not_more_than_a_most() -> None:
    told = _refused(blossm__scale={"fact/price": {"min_instances": 3, "max_instances": 2}})
    assert told == 'Pulumi.prod.yaml: `blossm:scale["fact/price"].min_instances` is 3, which is more than `max_instances`: 2'


def test_without_a_seed_a_stack_with_passwords_can_be_looked_at_and_not_deployed() -> None:
    for stack, lacks in (("dev", True), ("staging", True), ("prod", False)):
        settings = settings_of(NO_SEED, stack=stack)
        assert settings.lacks_seed == lacks
        assert [mistake.keys for mistake in without_seed(settings)] == ([("blossm:databaseSeed",)] if lacks else [])
    assert not without_seed(_settings("dev"))


# What settings may not say of this network.


def test_scale_and_images_are_for_kinds_and_procedures_of_the_network() -> None:
    scale: dict[str, Any] = {
        "command": {},
        "fact/price": {},
        "event-store/shop": {},
        "event-store/shop.bicycle": {},
        "fact/prize": {},
        "gateway": {},
    }
    image = SAMPLE["blossm:image"]
    settings = _settings(blossm__scale=scale, blossm__images={"fact/price": image, "command": image, "nonsense": image})
    with pytest.raises(pulumi.RunError) as refused:
        refuse(strangers(bicycle_city("production"), settings), settings.file)
    lines = [line.removeprefix("Pulumi.prod.yaml: ") for line in str(refused.value).splitlines()]
    assert lines[:-1] == [
        '`blossm:scale["event-store/shop.bicycle"]` is no procedure of this network; event stores of one service run together, '
        "as `event-store/shop`",
        '`blossm:scale["fact/prize"]` is no procedure of this network; did you mean `fact/price`?',
        "`blossm:scale.gateway` is no procedure of this network; did you mean `view-gateway`?",
        "`blossm:images.command` is no procedure of this network; an image is for one procedure, `kind/address`, or for all: "
        "`blossm:image`",
    ]
    assert lines[-1].startswith(
        "`blossm:images.nonsense` is no procedure of this network; known here: `command-gateway/c.bicycle.shop`"
    )


# Where a mistake stands.


FILE = """\
config:
  gcp:project: city-dev
  gcp:region: europe-west1
  blossm:network: city
  image: example.org/city
  blossm:atlas:
    organization: 0123456789abcdef01234567
  blossm:stores:
    event-store:
      tier: M7
  blossm:scale:
    command/shop.bicycle.paint:
      min_instances: "2"
  blossm:databaseSeed:
    secure: v1:abc
"""


def _file(folder: Path, *, text: str = FILE, **other: str) -> StackFile:
    (folder / "Pulumi.yaml").write_text(f"name: blossm\nruntime: python\nmain: {ROOT / 'infra'}\n")
    (folder / "Pulumi.dev.yaml").write_text(text)
    config = {**read_project(folder, stack="dev").config, **{key.replace("__", ":"): value for key, value in other.items()}}
    return read_stack_file(folder, stack="dev", project="blossm", config=config)


def test_a_mistake_names_the_line(tmp_path: Path) -> None:
    file = _file(tmp_path)
    with pytest.raises(pulumi.RunError, match=r"^Pulumi.dev.yaml:10: `blossm:stores.event-store.tier` is 'M7'; it takes"):
        settings_of(read_project(tmp_path, stack="dev").config, stack="dev", file=file)
    assert file.at(("blossm:scale", "command/shop.bicycle.paint", "min_instances")) == "Pulumi.dev.yaml:13"


def test_what_is_missing_is_told_at_the_line_around_it(tmp_path: Path) -> None:
    assert _file(tmp_path).at(("blossm:atlas", "identity_provider")) == "Pulumi.dev.yaml:6"
    assert _file(tmp_path).at(("blossm:gateways",)) == "Pulumi.dev.yaml"


def test_a_key_without_a_namespace_is_the_projects(tmp_path: Path) -> None:
    assert _file(tmp_path).at(("blossm:image",)) == "Pulumi.dev.yaml:5"


def test_no_line_is_told_of_a_value_that_came_from_elsewhere(tmp_path: Path) -> None:
    assert _file(tmp_path, gcp__region="us-east1").at(("gcp:region",)) == "Pulumi.dev.yaml"


def test_a_secret_has_a_line_and_is_known_as_one(tmp_path: Path) -> None:
    file = _file(tmp_path)
    assert file.at(("blossm:databaseSeed",)) == "Pulumi.dev.yaml:14"
    assert not file.has_plain("blossm:databaseSeed")
    assert file.has_plain("blossm:image")


@pytest.mark.parametrize("text", ["config: [", "- 1", "config: 5", ""])
def test_a_file_that_says_nothing_has_no_lines(tmp_path: Path, text: str) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text(text)
    assert read_stack_file(tmp_path, stack="dev", project="p", config={}) == StackFile(name="Pulumi.dev.yaml")
    assert read_stack_file(tmp_path / "nowhere", stack="dev", project="p", config={}).lines == {}


# The repo's own stacks.


@pytest.mark.parametrize("stack", list(STACKS))
def test_the_repos_own_stacks_are_as_they_should_be(stack: str) -> None:
    project = read_project(ROOT, stack=stack)
    settings = settings_of(project.config, stack=stack)
    assert not settings.images
    assert settings.lacks_seed == (stack != "prod")


@pytest.mark.parametrize("stack", list(STACKS))
def test_no_secret_is_committed(stack: str) -> None:
    text = (ROOT / f"Pulumi.{stack}.yaml").read_text()
    assert "encryptionsalt" not in text
    assert "secure:" not in text


def test_a_stand_in_for_a_secret_is_long_enough_for_a_preview() -> None:
    assert _settings("dev", blossm__databaseSeed=SECRET).stack == "dev"
