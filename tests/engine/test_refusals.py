"""What production refuses on the real engine, and that nothing was changed when it did."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.engine.deployments import Deployments, Ran
from tests.engine.town import TOWN, renamed_letters, without_letters

pytestmark = pytest.mark.xdist_group("production")  # they share one deployment

_WAYS = {
    "preview": ("preview",),
    "up": ("up", "--yes"),
    "up --skip-preview": ("up", "--yes", "--skip-preview"),
    "up --skip-preview --ignore-protect": ("up", "--yes", "--skip-preview", "--ignore-protect"),
}
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
    """Each test may write another network; the next one finds the town again."""
    yield production
    production.write(TOWN)


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


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("gcp:region", "us-central1", "`gcp:region` was "),
        ("gcp:project", "bicycle-city-other", "`gcp:project` was "),
        ("blossm:atlas", {"organization": "f" * 24, "identity_provider": "0" * 24}, "`blossm:atlas organization` was "),
    ],
    ids=["region", "project", "organization"],
)
def test_event_stores_do_not_move_without_their_events(town: Deployments, setting: str, value: object, told: str) -> None:
    file = town.project / "Pulumi.prod.yaml"
    settings = file.read_text()
    town.write_setting("prod", setting, value)
    try:
        ran = _refused(town, "up", "--yes", "--skip-preview", "--ignore-protect")
    finally:
        file.write_text(settings)
    assert told in ran.said
    assert "event stores would be made anew there, without their events" in ran.said


@pytest.mark.parametrize("words", _DESTROYS.values(), ids=_DESTROYS)
def test_production_is_not_destroyed(town: Deployments, words: tuple[str, ...]) -> None:
    ran = _refused(town, *words)
    assert "blossm: event stores are kept" in ran.said


def test_production_is_not_destroyed_when_its_program_is_asked(town: Deployments) -> None:
    ran = _refused(town, "destroy", "--yes", "--skip-preview", "--ignore-protect", "--run-program")
    assert "This stack keeps its event stores, so it is not destroyed." in ran.said


def test_a_destroy_of_what_is_not_protected_finds_nothing_in_production(town: Deployments) -> None:
    with _nothing_changes(town):
        town("destroy", "--yes", "--skip-preview", "--exclude-protected", "--stack", "prod")


@pytest.mark.parametrize("dependents", [(), ("--target-dependents",)], ids=["alone", "with its dependents"])
def test_no_part_of_production_is_destroyed_by_itself(town: Deployments, dependents: tuple[str, ...]) -> None:
    topic = next(urn for urn, it in town.resources("prod").items() if it["type"] == "gcp:pubsub/topic:Topic")
    _refused(town, "destroy", "--yes", "--skip-preview", "--target", topic, *dependents)
