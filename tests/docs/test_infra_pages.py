"""docs/infra says what is so: what it shows of a plan is in the plan, and what it tells an operator to type can be typed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
from tests.docs.markdown import HERE, blocks, page, quoted, rows, sections
from tools.pulumi.cli import MISSING, find_cli

from blossm.cli.cloud.proposal import Proposal, project_of, propose
from blossm.cli.plan import _lines
from blossm.model.load import load
from blossm_infra.costs import idle_costs
from blossm_infra.keeping import keeps
from blossm_infra.preview import SAMPLE, Plan
from blossm_infra.settings import STACKS, Size, StackSettings, settings_of
from blossm_infra.shapes import SHAPES, Scale

FIRST, GROWING, ENTRY = "docs/infra/first-deploy.md", "docs/infra/growing.md", "docs/infra/README.md"
SHOP = Path("examples/bicycle_city/services/shop/bicycle")


def proposed(stack: str, folder: Path = HERE) -> Proposal:
    with chdir(folder):
        return propose(project_of(stack), stack)


def block(name: str, language: str, begins: str = "") -> str:
    (found,) = [one.text for one in blocks(page(name)) if one.language == language and one.text.startswith(begins)]
    return found


def test_what_the_entry_shows_of_a_plan_is_in_the_plan() -> None:
    told = {line.plain for line in _lines(proposed("prod"), width=120, full=False)}
    assert [line for line in block(ENTRY, "text").splitlines() if line not in told] == []


def test_the_entry_names_every_page_of_its_folder() -> None:
    listed = {re.sub(r"^\[(.*)\].*", r"\1", cells[0]) for cells in rows(sections(page(ENTRY))["The pages"])[1:]}
    assert {file.name for file in (HERE / "docs" / "infra").glob("*.md")} - {"README.md"} <= listed


def test_a_project_of_ones_own_is_like_this_one() -> None:
    shown, ours = block(ENTRY, "yaml", "name: shop"), page("Pulumi.yaml")
    assert shown.partition("main:")[2] == ours.partition("main:")[2]


def test_the_settings_of_a_project_of_ones_own_are_enough(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text(block(ENTRY, "yaml", "name: shop"))
    (tmp_path / "Pulumi.dev.yaml").write_text(block(ENTRY, "yaml", "config:"))
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "__main__.py").write_text(block(ENTRY, "python", "from blossm_infra"))
    (tmp_path / "network").symlink_to(HERE / "examples" / "hello")
    assert proposed("dev", tmp_path).findings == ()


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """The example and its project, to be changed."""
    for file in HERE.glob("Pulumi*.yaml"):
        shutil.copy(file, tmp_path)
    (tmp_path / "infra").symlink_to(HERE / "infra")
    shutil.copytree(HERE / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns(".blossm", "__pycache__"))
    return tmp_path


def test_the_command_that_the_first_page_adds_adds_what_it_says_and_changes_nothing_else(city: Path) -> None:
    before = _resources(proposed("dev", city).plan)
    for file, language, begins in (("blossm.yaml", "yaml", "---"), ("commands.py", "python", "def wash")):
        with (city / SHOP / file).open("a") as written:
            written.write("\n\n" * (language == "python") + block(FIRST, language, begins))
    (proto,) = (line for line in block(FIRST, "sh", ".venv/bin/blossm proto").splitlines() if line.startswith(".venv"))
    subprocess.run([sys.executable, "-m", *proto.removeprefix(".venv/bin/").split()], cwd=city, check=True, capture_output=True)
    after = _resources(proposed("dev", city).plan)
    shown = [f"+ {kind} {name} create" for kind, name in map(_as_told, after.keys() - before.keys())]
    assert sorted(" ".join(line.split()) for line in block(FIRST, "text", "+ blossm:infra:Procedure").splitlines()) == sorted(
        shown
    )
    custom = {key: inputs for key, inputs in before.items() if not key[0].startswith("blossm:")}
    assert [key for key, inputs in custom.items() if after[key] != inputs] == []


def _as_told(resource: tuple[str, str]) -> tuple[str, str]:
    """As pulumi prints it: `gcp:cloudrunv2/service:Service` is `gcp:cloudrunv2:Service`."""
    return re.sub("/[^:]+", "", resource[0]), resource[1]


def _resources(plan: Plan) -> dict[tuple[str, str], dict[str, Any]]:
    return {(resource.type, resource.name): resource.inputs for resource in plan.resources if resource.parent}


def test_the_deployer_has_a_role_for_everything_that_a_stack_consists_of() -> None:
    table = rows(sections(page(FIRST))["Deploying from CI"])[1:]
    covered = {module for _, what, _ in table for module in quoted(what)}
    made = {kind for stack in STACKS for kind in proposed(stack).plan.counts() if kind.startswith("gcp:")}
    assert {re.split("[:/]", kind)[1] for kind in made} <= covered


def _said(shape: Size) -> list[str]:
    """A column of the page about growing."""
    stack = settings_of({**SAMPLE, "blossm:shape": shape}, stack="staging")
    cost = idle_costs(load(HERE / "examples" / "bicycle_city", environment="staging"), stack).total
    scale = SHAPES[shape]
    return [
        stack.tier("event-store"),
        "domain mappings" if stack.gateways == "mapping" else "a load balancer",
        _instances(scale.event_store) + ("" if scale.event_store.cpu_idle else ", each with a CPU always"),
        _instances(scale.other),
        _keeping(stack),
        f"{cost:.2f}",
    ]


def _instances(scale: Scale) -> str:
    return f"{scale.min_instances}–{scale.max_instances}"


def _keeping(stack: StackSettings) -> str:
    return "kept" if keeps(stack) else "may be lost"


@pytest.mark.parametrize(("column", "shape"), [(1, "free"), (2, "small"), (3, "full")])
def test_what_a_shape_changes_is_on_the_page_about_growing(column: int, shape: Size) -> None:
    text = sections(page(GROWING))["What a shape changes"]
    said = [
        line.strip("|").split("|")[column].strip() for line in text.splitlines() if line.startswith("| ") and "|---" not in line
    ]
    tier, _, gateways, awake, others, kept, cost = said[-7:]
    assert [tier.partition(",")[0], gateways, awake, others, kept, cost] == _said(shape)


@pytest.mark.parametrize("name", [FIRST, GROWING])
def test_every_option_of_pulumi_that_a_page_uses_is_one(name: str) -> None:
    if (cli := find_cli()) is None:
        pytest.skip(MISSING)
    typed = [line for one in blocks(page(name)) if one.language == "sh" for line in one.text.splitlines()]
    for line in typed:
        for verb, options in _of_pulumi(line):
            help = _help(cli, verb)
            assert [option for option in options if not re.search(rf"(^|\s){option}\b", help)] == [], line


def _help(cli: Path, verb: list[str]) -> str:
    """With what pulumi calls a preview, such as `--plan`."""
    environment = {**os.environ, "PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_UPDATE_CHECK": "true"}
    command = [str(cli), *verb, "--help"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60).stdout


def _of_pulumi(line: str) -> list[tuple[list[str], list[str]]]:
    """The subcommand and options of pulumi in a line, also those that `blossm deploy` hands on."""
    match re.split(r"\s+#", line)[0].split():
        case ["pulumi" | "tools/pulumi/offline", "config" | "stack" as verb, inner, *rest]:
            return [([verb, inner], _options(rest))]
        case ["pulumi" | "tools/pulumi/offline", verb, *rest]:
            return [([verb], _options(rest))]
        case ["blossm", "deploy", _, *rest] if "--" in rest:
            return [(["preview" if "--preview" in rest else "up"], _options(rest[rest.index("--") + 1 :]))]
        case _:
            return []


def _options(words: list[str]) -> list[str]:
    return [word.partition("=")[0] for word in words if word.startswith("--")]
