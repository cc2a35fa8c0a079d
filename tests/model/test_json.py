"""The network as JSON: what a container carries, so that serving needs neither YAML nor pydantic."""

import subprocess
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from blossm.model.edges import edges
from blossm.model.load import load
from blossm.model.network import ENVIRONMENTS, Environment, from_json, to_json

EXAMPLES = sorted(path.parent for path in (Path(__file__).parents[2] / "examples").glob("*/blossm.yaml"))

READS_WITHOUT = """
import sys
from blossm.model.network import from_json
network = from_json(sys.stdin.buffer.read())
print(len(list(network.procedures())))
print(*sorted({"yaml", "pydantic", "pydantic_core", "jsonschema_rs", "cronsim"} & set(sys.modules)))
"""


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("directory", EXAMPLES, ids=lambda directory: directory.name)
def test_a_network_is_the_same_after_a_journey_as_json(directory: Path, environment: Environment) -> None:
    network = load(directory, environment=environment)
    again = from_json(to_json(network))
    assert again == network
    assert edges(again) == edges(network)


def test_reading_it_again_takes_neither_yaml_nor_pydantic() -> None:
    network = load(EXAMPLES[0])
    command = [sys.executable, "-c", READS_WITHOUT]
    done = subprocess.run(command, input=to_json(network), capture_output=True, check=True, timeout=60)
    assert done.stdout.split() == [str(len(list(network.procedures()))).encode()]


def test_a_network_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        load(EXAMPLES[0]).name = "other.example"  # type: ignore[misc]
