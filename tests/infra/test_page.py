"""docs/infra says what is so."""

from __future__ import annotations

import re
from pathlib import Path

from tests.infra.networks import bicycle_city

from blossm_infra.preview import SAMPLE
from blossm_infra.settings import KEYS, STACKS, settings_of
from blossm_infra.shapes import SHAPES, Scale

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "infra" / "README.md").read_text(encoding="utf-8")


def _rows(heading: str) -> list[list[str]]:
    """The table that begins with this heading, without its first two lines."""
    table = PAGE[PAGE.index(f"| {heading} |") :].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]


def _python(first_line: str) -> str:
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (block,) = [text for text in blocks if text.startswith(first_line)]
    assert isinstance(block, str)
    return block


def test_every_setting_is_on_the_page_with_what_it_takes() -> None:
    assert {row[0].strip("`"): row[1] for row in _rows("Setting")} == KEYS


def test_every_stack_has_the_shape_that_the_page_says() -> None:
    (said,) = [row[2] for row in _rows("Setting") if row[0] == "`blossm:shape`"]
    for stack in STACKS:
        shape = settings_of(SAMPLE, stack=stack).shape
        assert re.search(rf"`{shape}` \([^)]*\b{stack}\b", said)


def test_every_shape_is_on_the_page_as_it_is() -> None:
    def instances(scale: Scale) -> str:
        return f"{scale.min_instances}–{scale.max_instances}"

    assert _rows("Shape") == [
        [
            f"`{name}`",
            instances(shape.event_store),
            instances(shape.projection),
            instances(shape.other),
            "yes" if shape.deletion_protection else "no",
        ]
        for name, shape in SHAPES.items()
    ]


def test_the_program_is_the_one_on_the_page() -> None:
    program = (ROOT / "infra" / "__main__.py").read_text(encoding="utf-8")
    assert program.endswith(_python("from blossm_infra import"))


def test_the_test_on_the_page_passes() -> None:
    exec(compile(_python("from blossm_infra.preview"), "docs/infra/README.md", "exec"), {"network": bicycle_city("production")})
