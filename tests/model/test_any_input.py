"""Whatever stands in a blossm.yaml: problems or a network, never an exception."""

import json
import random
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blossm.model.diagnostics import InvalidNetwork, render
from blossm.model.load import check, load
from blossm.model.network import from_json, to_json
from blossm.model.schema.reading import LATER, Keys

ROOT = Path(__file__).parents[2]
TEXTS = [path.read_text() for path in sorted((ROOT / "examples").glob("**/blossm.yaml"))]
WHOLE = "\n---\n".join(TEXTS)
DATA = list(yaml.safe_load_all(WHOLE))


def _keys(model: type[Keys] = Keys) -> Iterator[str]:
    for below in model.__subclasses__():
        yield from below.keys()
        yield from _keys(below)


PIECES = [
    *sorted({*_keys(), *LATER, "event-store", "command", "fact", "view-store", "projection", "production", "default"}),
    *(
        "{",
        "}",
        "[",
        "]",
        ":",
        ": ",
        ",",
        "- ",
        "---\n",
        "\n",
        "\n  ",
        "\t",
        "&a ",
        "*a",
        "!!int ",
        "'",
        '"',
        "<<",
        "~",
        "#",
        "|",
        "? ",
    ),
    *(
        "null",
        "true",
        "5",
        "-1",
        "1e400",
        ".nan",
        "0x1F",
        "99999999999999999999",
        "$network",
        "x-a: ",
        "é",
        "\x00",
        "\u2028",
        "*",
    ),
    *("a.b.c", "string", "[string]", "{type: object}", "{type: map, values: a}", "red", "()", "(?=a)", "\\", "60s", "10/s"),
    *("* * * * *", "shop:bicycle:*"),
]


def tell(text: str) -> None:
    """Check a network of this text; every problem must be renderable, and a network must survive its journey as JSON."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "blossm.yaml").write_text(text, errors="surrogatepass", newline="")
        for problem in check(Path(folder)):
            assert render(problem)
            assert problem.message
            assert "pydantic" not in render(problem)
        try:
            network = load(Path(folder))
        except InvalidNetwork:
            return
        assert from_json(to_json(network)) == network


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(), st.integers(min_value=1, max_value=12))
def test_a_mutated_network_is_told_or_loaded(seed: int, changes: int) -> None:
    chance = random.Random(seed)
    text = chance.choice([*TEXTS, WHOLE])
    for _ in range(changes):
        at = chance.randrange(len(text) + 1)
        until = min(len(text), at + chance.choice([0, 0, 1, 5, 20]))
        text = text[:at] + chance.choice([*PIECES, "", text[at : at + 80]]) + text[until:]
    tell(text)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(PIECES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(PIECES) | st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(), st.lists(st.tuples(st.sampled_from(["value", "key", "gone", "more"]), VALUES), min_size=1, max_size=4))
def test_a_network_with_other_values_and_keys_is_told_or_loaded(seed: int, changes: list[tuple[str, Any]]) -> None:
    chance = random.Random(seed)
    whole = deepcopy(DATA)
    for what, value in changes:
        inner = chance.choice(list(_inner(whole)))
        at = chance.choice(list(inner) if isinstance(inner, dict) else range(len(inner)))
        match what:
            case "value":
                inner[at] = value
            case "key" if isinstance(inner, dict):
                inner[chance.choice(PIECES)] = inner.pop(at)
            case "gone":
                del inner[at]
            case _ if isinstance(inner, dict):
                inner[chance.choice(PIECES)] = value
            case _:
                inner.append(value)
    tell("\n---\n".join(json.dumps(document, ensure_ascii=False) for document in whole))  # JSON is YAML


def _inner(value: Any) -> Iterator[Any]:
    """Every list and mapping with something in it."""
    if isinstance(value, list | dict) and value:
        yield value
        for one in value.values() if isinstance(value, dict) else value:
            yield from _inner(one)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_told_or_loaded(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        (Path(folder) / "blossm.yaml").write_bytes(b"network: a.example\n---\n" + data)
        assert all(render(problem) for problem in check(Path(folder)))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_module_is_told_or_read(text: str) -> None:
    with TemporaryDirectory() as folder:
        network = "network: a.example\n---\nservice: shop\ndomain: bicycle\n---\nprocedure: command\nname: paint\n"
        (Path(folder) / "blossm.yaml").write_text(network)
        (Path(folder) / "commands.py").write_bytes(text.encode(errors="replace"))
        assert {problem.code for problem in check(Path(folder))} <= {"B202", "B203", "B003"}
