"""docs/infra says what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from blossm.model.load import load
from blossm_infra.costs import AS_OF, PRICES, idle_costs
from blossm_infra.preview import SAMPLE
from blossm_infra.project import read_project
from blossm_infra.settings import KEYS, NESTED, STACKS, settings_of, strangers
from blossm_infra.shapes import SHAPES, Scale

ROOT = Path(__file__).parents[2]


def _page(name: str) -> str:
    return (ROOT / "docs" / "infra" / f"{name}.md").read_text(encoding="utf-8")


def _rows(page: str, heading: str) -> list[list[str]]:
    """The table that begins with this heading, without its first two lines."""
    text = _page(page)
    table = text[text.index(f"| {heading} |") :].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split(" | ")] for line in table]


def _block(page: str, language: str, first_line: str) -> str:
    blocks = re.findall(rf"```{language}\n(.*?)```", _page(page), re.DOTALL)
    (block,) = [text for text in blocks if text.startswith(first_line)]
    assert isinstance(block, str)
    return block


def test_every_setting_is_on_the_page_with_what_it_takes() -> None:
    assert {row[0].strip("`"): row[1] for row in _rows("settings", "Setting")} == KEYS


def test_so_is_every_setting_inside_of_one() -> None:
    names = {"blossm:atlas": "", "blossm:stores": ".<store>", "blossm:scale": ".<what>"}
    said = {f"{key}{names[key]}.{inner}": takes for key, part in NESTED.items() for inner, takes in part.items()}
    assert {row[0].strip("`"): row[1] for row in _rows("settings", "Inside")} == said


def test_every_stack_has_the_defaults_that_the_page_says() -> None:
    said = {row[0].strip("`"): row[2] for row in _rows("settings", "Setting")}
    for stack in STACKS:
        settings = settings_of(SAMPLE, stack=stack)
        assert re.search(rf"`{settings.shape}` \([^)]*\b{stack}\b", said["blossm:shape"])
        assert settings.gateways == ("mapping" if settings.shape == "free" else "loadbalancer")
    assert said["blossm:gateways"] == "`mapping` in shape `free`, else `loadbalancer`"


def test_every_shape_is_on_the_page_as_it_is() -> None:
    def instances(scale: Scale) -> str:
        return f"{scale.min_instances}–{scale.max_instances}"

    assert _rows("settings", "Shape") == [
        [
            f"`{name}`",
            *map(instances, (shape.event_store, shape.projection, shape.other)),
            *shape.tiers.values(),
            "yes" if shape.deletion_protection else "no",
        ]
        for name, shape in SHAPES.items()
    ]


def test_the_stack_on_the_page_says_everything_and_is_valid(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text(f"name: city\nruntime: python\nmain: {ROOT / 'infra'}\n")
    text = _block("settings", "yaml", "config:")
    (tmp_path / "Pulumi.prod.yaml").write_text(text)
    settings = settings_of(read_project(tmp_path, stack="prod").config, stack="prod")
    assert {key for key in KEYS if key in text} == set(KEYS) - {"blossm:databaseSeed"}
    city = load(ROOT / settings.network, environment="production")
    assert strangers(city, settings) == []


def test_every_price_is_on_the_page_with_where_it_is_from_and_how_far_to_trust_it() -> None:
    said = [[p.what, p.listed, f"{p.month:.2f}", p.source, p.unsure or "read"] for p in PRICES]
    assert _rows("costs", "What | List price") == said
    assert f"Prices of {AS_OF.isoformat()}" in _page("costs")


@pytest.mark.parametrize("stack", list(STACKS))
def test_what_the_examples_cost_is_on_the_page(stack: str) -> None:
    said = {row[0].strip("`"): row[1:] for row in _rows("costs", "Stack")}
    settings = settings_of(SAMPLE, stack=stack)
    for example, usd in zip(("hello", "bicycle_city"), said[stack], strict=True):
        model = load(ROOT / "examples" / example, environment=STACKS[stack])
        assert f"{idle_costs(model, settings).total:.2f}" == usd


def test_what_production_pays_for_is_on_the_page() -> None:
    costs = idle_costs(load(ROOT / "examples" / "bicycle_city", environment="production"), settings_of(SAMPLE, stack="prod"))
    said = [[line.what, str(line.count), f"{line.price:.2f}", f"{line.usd:.2f}"] for line in costs.lines]
    assert _rows("costs", "What | Count") == said


def test_the_program_is_the_one_on_the_page() -> None:
    program = (ROOT / "infra" / "__main__.py").read_text(encoding="utf-8")
    assert program.endswith(_block("README", "python", "from blossm_infra import"))
