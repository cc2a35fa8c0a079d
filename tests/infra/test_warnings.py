"""What an operator is told, though the network would run: each with the place where it was written."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.infra.networks import bicycle_city, place
from tests.infra.plans import planned

from blossm.model.network import Access, Issuer, Network, Ref, Shape
from blossm_infra.preview import SAMPLE
from blossm_infra.settings import StackSettings, settings_of
from blossm_infra.settings.stack_file import StackFile
from blossm_infra.warnings import warnings

DIGEST = SAMPLE["blossm:image"]


def _settings(stack: str, *, file: StackFile | None = None, **config: Any) -> StackSettings:
    said = {key.replace("__", ":"): v if isinstance(v, str) else json.dumps(v) for key, v in config.items()}
    return settings_of({**SAMPLE, **said}, stack=stack, file=file)


def _quiet(model: Network) -> Network:
    """The network with no instance kept by blossm.yaml."""
    commands = {address: replace(command, shape=Shape()) for address, command in model.commands.items()}
    return replace(model, commands=commands)


def _told(model: Network, settings: StackSettings) -> list[str]:
    return [str(warned) for warned in warnings(model, settings)]


@pytest.mark.parametrize("stack", ["dev", "staging", "sandbox", "prod"])
def test_a_network_without_a_blemish_is_told_nothing(stack: str) -> None:
    assert _told(_quiet(bicycle_city()), _settings(stack)) == []


def test_a_missing_seed_is_told_before_up_refuses_it() -> None:
    file = StackFile(name="Pulumi.dev.yaml")
    (told,) = _told(_quiet(bicycle_city()), _settings("dev", file=file, blossm__databaseSeed=""))
    assert told.startswith("Pulumi.dev.yaml: `blossm:databaseSeed` is missing, so `pulumi up` will refuse")
    assert 'pulumi config set --secret blossm:databaseSeed "$(openssl rand -base64 48)" --stack dev' in told


def test_a_seed_in_plain_sight_is_told() -> None:
    plain = StackFile(name="Pulumi.dev.yaml", lines={("blossm:databaseSeed",): 9})
    (told,) = _told(_quiet(bicycle_city()), _settings("dev", file=plain))
    assert told.startswith("Pulumi.dev.yaml:9: `blossm:databaseSeed` is there for everybody to read. Make a new one")
    secure = replace(plain, secure=frozenset({"blossm:databaseSeed"}))
    assert _told(_quiet(bicycle_city()), _settings("dev", file=secure)) == []


def test_a_setting_that_pulumi_takes_for_the_projects_own_is_told() -> None:
    """`shape: small` in the file of project `city`."""
    file = StackFile(name="Pulumi.dev.yaml", lines={("city:shape",): 7, ("city:color",): 8, ("blossm:shape",): 9})
    (told,) = _told(_quiet(bicycle_city()), _settings("dev", file=file))
    assert told == (
        "Pulumi.dev.yaml:7: `city:shape` is a setting of your own, which Blossm does not read; is `blossm:shape` meant?"
    )


def test_events_of_production_on_a_free_database_are_told() -> None:
    told = _told(
        _quiet(bicycle_city()), _settings("prod", blossm__shape="free", blossm__scale={"event-store": {"min_instances": 1}})
    )
    assert told[0] == (
        "Pulumi.prod.yaml: `blossm:stores.event-store.tier` is M0 in production: no backups, open to every address, 512 MB for "
        "all events"
    )


def test_events_of_production_without_backups_are_told() -> None:
    (told,) = _told(_quiet(bicycle_city()), _settings("prod", blossm__stores={"event-store": {"backup": False}}))
    assert "`blossm:stores.event-store.backup` is false: events that Atlas loses are lost for ever" in told
    assert _told(_quiet(bicycle_city()), _settings("prod", blossm__stores={"view-store": {"backup": False}})) == []


@pytest.mark.parametrize(
    ("image", "tag"), [("example.org/city", "latest"), ("example.org:5000/city", "latest"), ("example.org/city:v1", "v1")]
)
def test_an_image_by_tag_is_told(image: str, tag: str) -> None:
    (told,) = _told(_quiet(bicycle_city()), _settings("dev", blossm__image=image))
    assert (
        told
        == f"Pulumi.dev.yaml: `blossm:image` names the tag `{tag}`: when it moves, `pulumi up` sees no change and deploys nothing"
    )
    (told,) = _told(_quiet(bicycle_city()), _settings("dev", blossm__images={"fact/price": image}))
    assert told.startswith('Pulumi.dev.yaml: `blossm:images["fact/price"]` names the tag')


def test_an_instance_kept_in_a_free_stack_is_told_where_it_is_said() -> None:
    (told,) = _told(bicycle_city(), _settings("dev"))
    assert told == (
        "services/shop/bicycle/blossm.yaml:20:1: keeps an instance of command `shop.bicycle.paint` in a stack that is to cost "
        "nothing"
    )
    assert _told(bicycle_city(), _settings("staging")) == []
    file = StackFile(name="Pulumi.dev.yaml", lines={("blossm:scale", "fact/price", "min_instances"): 12})
    (told,) = _told(_quiet(bicycle_city()), _settings("dev", file=file, blossm__scale={"fact/price": {"min_instances": 2}}))
    assert told == "Pulumi.dev.yaml:12: keeps 2 instances of fact `price` in a stack that is to cost nothing"


def test_an_event_store_that_sleeps_in_production_is_told() -> None:
    told = _told(_quiet(bicycle_city()), _settings("prod", blossm__scale={"event-store/shop": {"min_instances": 0}}))
    assert told == ["Pulumi.prod.yaml: event store `shop` keeps no instance: after a quiet time the first command waits for it"]
    assert _told(_quiet(bicycle_city()), _settings("staging")) == []


@pytest.mark.parametrize(
    ("access", "heard"),
    [
        (Access(rule="public"), True),
        (Access(rule="optional"), True),
        (Access(rule="public", rate=10.0), False),
        (Access(rule="signed_in"), False),
    ],
)
def test_a_command_that_everybody_may_call_without_a_bound_is_told(access: Access, *, heard: bool) -> None:
    city = _quiet(bicycle_city())
    (gateway,) = city.command_gateways.values()
    entry = replace(gateway.entries["paint"], access=access, at=place(77), target=Ref("command", "shop.bicycle.paint"))
    city = replace(city, command_gateways={gateway.address: replace(gateway, entries={"paint": entry})})
    told = _told(city, _settings("dev"))
    place_of_entry = "services/shop/bicycle/blossm.yaml:77:1"
    assert told == (
        [f"{place_of_entry}: everybody may call `shop.bicycle.paint` as often as they like: `rate: 10/s` would bound it"]
        if heard
        else []
    )


def test_cookies_that_no_browser_would_send_are_told() -> None:
    issuer = Issuer(name="access", issuer="https://id.example", jwks="https://id.example/jwks.json", cookie="access")
    city = replace(_quiet(bicycle_city()), issuers={"access": issuer})
    (told,) = _told(city, _settings("dev", blossm__gateways="none"))
    assert told == (
        "Pulumi.dev.yaml: `blossm:gateways` is none: gateways answer at run.app, where browsers send no cookie `access` of "
        "dev.bicyclecity.example"
    )
    assert _told(city, _settings("dev")) == []


def test_the_program_says_them_as_warnings() -> None:
    messages = planned(bicycle_city()).messages
    assert [message for message in messages if message.startswith("warning: ")] == [
        f"warning: {warned}" for warned in warnings(bicycle_city(), _settings("dev"))
    ]
