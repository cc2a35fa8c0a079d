"""`blossm plan STACK`, as a person runs it."""

from __future__ import annotations

import importlib.util
import json
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from blossm.cli.plan import plan

ROOT = Path(__file__).parents[2]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "examples" / "bicycle_city")  # anywhere below Pulumi.yaml will do


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(plan, list(arguments))


@pytest.mark.usefixtures("here")
def test_the_tree_shows_what_runs_on_what_and_who_may_call_it() -> None:
    told = _run("prod")
    assert told.exit_code == 0
    assert "event-store-shop  1–3 × 1 CPU, 256Mi" in told.output
    assert "called by push-wake-ups" in told.output
    assert "c.bicycle.shop.bicyclecity.example" in told.output
    assert "gcp:pubsub/topic:Topic" in told.output


@pytest.mark.usefixtures("here")
def test_the_same_is_there_as_data() -> None:
    told = json.loads(_run("dev", "--json").stdout)
    assert told["stack"] == "dev"
    assert told["hosts"]["c.bicycle.shop"] == "c.bicycle.shop.dev.bicyclecity.example"
    assert "gateway-c-bicycle-shop" in told["callers"]["command-shop-bicycle-paint"]
    assert told["procedures"]["projection"] == 2
    assert told["resources"]["gcp:pubsub/topic:Topic"] == 2
    assert told["tree"]["children"][0]["type"] == "blossm:infra:Network"


@pytest.mark.usefixtures("here")
def test_a_stack_that_is_not_there_names_those_that_are() -> None:
    told = _run("qa")
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.endswith("its stacks are dev, prod, sandbox, staging\n")
    assert told.stderr.startswith("error: no Pulumi.qa.yaml in ")


def test_a_folder_without_a_project_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = _run("dev")
    assert (told.exit_code, told.stdout) == (2, "")
    assert "no Pulumi.yaml in" in told.stderr


def test_a_mistake_in_the_settings_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Pulumi.yaml").write_text(f"name: city\nruntime: python\nmain: {ROOT / 'infra'}\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  blossm:shape: huge\n")
    monkeypatch.chdir(tmp_path)
    told = _run("dev")
    assert (told.exit_code, told.stdout) == (1, "")
    assert "Pulumi.dev.yaml: `blossm:shape` is 'huge'; it takes `free`, `small` or `full`" in told.stderr


def test_without_the_extra_one_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec

    def without_pulumi(name: str) -> ModuleSpec | None:
        return None if name.startswith("pulumi") else find(name)

    monkeypatch.setattr("blossm.cli.plan.find_spec", without_pulumi)
    told = _run("dev")
    assert (told.exit_code, told.stderr) == (2, "error: `blossm plan` needs Pulumi's SDK: pip install 'blossm[infra]'\n")
