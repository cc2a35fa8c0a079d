"""What production refuses on the real engine, and that nothing was changed when it did."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.engine.deployments import Deployments, Ran
from tests.engine.town import TOWN, renamed_letters, without_letters

_WAYS = {
    "preview": ("preview",),
    "up": ("up", "--yes"),
    "up --skip-preview": ("up", "--yes", "--skip-preview"),
    "up --skip-preview --ignore-protect": ("up", "--yes", "--skip-preview", "--ignore-protect"),
}
_CARELESS = _WAYS["up --skip-preview --ignore-protect"]
_DESTROYS = {
    "destroy": ("destroy", "--yes"),
    "destroy --skip-preview": ("destroy", "--yes", "--skip-preview"),
    "destroy --ignore-protect": ("destroy", "--yes", "--skip-preview", "--ignore-protect"),
}


@contextmanager
def _nothing_changes(production: Deployments) -> Iterator[None]:
    before, done = production.resources("prod"), list(production.journal.entries)
    yield
    assert production.resources("prod") == before
    assert production.journal.entries == done


def _refused(production: Deployments, *words: str) -> Ran:
    with _nothing_changes(production):
        ran = production(*words, "--stack", "prod")
    assert ran.code != 0, ran.said
    assert "Traceback" not in ran.said
    return ran


@pytest.fixture
def town(production: Deployments) -> Iterator[Deployments]:
    """Each test may write another network, program or settings; the next one finds the town again."""
    settings = production.project / "Pulumi.prod.yaml"
    before = settings.read_text()
    yield production
    production.write(TOWN)
    settings.write_text(before)


@pytest.mark.parametrize("words", _WAYS.values(), ids=_WAYS)
def test_an_event_store_is_not_deleted(town: Deployments, words: tuple[str, ...]) -> None:
    town.write(without_letters())
    ran = _refused(town, *words)
    assert "event store `town.letter` is deployed, and no blossm.yaml has it any more" in ran.said
    assert "put it back with `retired: true`, run `pulumi up`, and take it out after that" in ran.said


@pytest.mark.parametrize("words", [_WAYS["preview"], _WAYS["up --skip-preview"]], ids=["preview", "up --skip-preview"])
def test_an_event_store_is_not_renamed(town: Deployments, words: tuple[str, ...]) -> None:
    town.write(renamed_letters())
    ran = _refused(town, *words)
    assert "event store `town.letter` is deployed" in ran.said
    assert "If it was renamed, give it back its name" in ran.said


def test_a_network_is_not_renamed(town: Deployments) -> None:
    town.write({**TOWN, "blossm.yaml": "network: village.example\n"})
    assert "`network` was 'town.example' and is 'village.example'" in _refused(town, *_CARELESS).said


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("gcp:region", "us-central1", "`gcp:region` was "),
        ("gcp:project", "bicycle-city-other", "`gcp:project` was "),
        ("blossm:atlas", {"organization": "f" * 24, "identity_provider": "0" * 24}, "`blossm:atlas organization` was "),
        ("blossm:shape", "free", "the cluster of the event-stores is M10 and would be M0"),
    ],
    ids=["another region", "another project", "another organization", "a smaller cluster"],
)
def test_events_stay_where_they_are(town: Deployments, setting: str, value: object, told: str) -> None:
    town.write_setting("prod", setting, value)
    assert told in _refused(town, *_CARELESS).said


@pytest.mark.parametrize("option", ["--replace", "--target-replace"])
@pytest.mark.parametrize("type", ["mongodbatlas:index/advancedCluster:AdvancedCluster", "mongodbatlas:index/project:Project"])
def test_what_holds_events_is_not_made_a_second_time(town: Deployments, option: str, type: str) -> None:
    kept = next(urn for urn, it in town.resources("prod").items() if it["type"] == type and it.get("protect"))
    assert "this stack's event stores would begin again without their events" in _refused(town, *_CARELESS, option, kept).said


def test_a_network_that_moves_in_its_program_is_not_made_a_second_time(town: Deployments) -> None:
    main = town.project / "infra" / "__main__.py"
    above = "import pulumi\nmine = pulumi.ComponentResource('mine:all:Mine', 'mine')\n"
    main.write_text(
        above + main.read_text().replace("settings=settings))", "settings=settings), pulumi.ResourceOptions(parent=mine))")
    )
    assert "`foundation` would be made anew" in _refused(town, "preview").said


@pytest.mark.parametrize(
    "option", ["--refresh", "--continue-on-error", "--parallel=1", "--target=**Topic**", "--exclude=**Topic**"]
)
def test_no_option_gets_by_the_program(town: Deployments, option: str) -> None:
    town.write(without_letters())
    assert "event store `town.letter` is deployed" in _refused(town, *_CARELESS, option).said


@pytest.mark.parametrize("words", _DESTROYS.values(), ids=_DESTROYS)
def test_production_is_not_destroyed(town: Deployments, words: tuple[str, ...]) -> None:
    ran = _refused(town, *words)
    assert "blossm: event stores are kept" in ran.said


@pytest.mark.parametrize("options", [(), ("--continue-on-error",)], ids=["stopping", "going on"])
def test_production_is_not_destroyed_when_its_program_is_asked(town: Deployments, options: tuple[str, ...]) -> None:
    ran = _refused(town, "destroy", "--yes", "--skip-preview", "--ignore-protect", "--run-program", *options)
    assert "This stack keeps its event stores, so it is not destroyed." in ran.said


def test_a_destroy_of_what_is_not_protected_finds_nothing_in_production(town: Deployments) -> None:
    with _nothing_changes(town):
        town("destroy", "--yes", "--skip-preview", "--exclude-protected", "--stack", "prod")


@pytest.mark.parametrize("dependents", [(), ("--target-dependents",)], ids=["alone", "with its dependents"])
def test_no_part_of_production_is_destroyed_by_itself(town: Deployments, dependents: tuple[str, ...]) -> None:
    topic = next(urn for urn, it in town.resources("prod").items() if it["type"] == "gcp:pubsub/topic:Topic")
    _refused(town, "destroy", "--yes", "--skip-preview", "--target", topic, *dependents)
