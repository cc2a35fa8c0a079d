"""runtime/blossm/rpc/v1 is what protoc makes of protos/, and protobuf's runtime takes it."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import google.protobuf
import pytest

HERE = Path(__file__).parents[2]
PROTOS = HERE / "protos"
COMMITTED = HERE / "runtime" / "blossm" / "rpc" / "v1"
MODULES = sorted(file.stem for file in COMMITTED.glob("*_pb2.py"))


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated")
    sources = sorted(str(file) for file in PROTOS.rglob("v1/*.proto"))
    options = [f"-I{PROTOS}", f"--python_out={folder}", f"--pyi_out={folder}"]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *options, *sources], check=True, timeout=60)
    return folder / "blossm" / "rpc" / "v1"


def test_the_code_that_is_committed_is_what_make_proto_makes(generated: Path) -> None:
    assert texts(COMMITTED) == texts(generated), "stale: `make proto` remakes it"


def texts(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*_pb2.py*")}


def test_every_proto_has_its_module() -> None:
    assert [f"{file.stem}_pb2" for file in sorted(PROTOS.glob("blossm/rpc/v1/*.proto"))] == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_the_runtime_takes_the_code_without_a_warning(module: str) -> None:
    """Protobuf refuses code that is newer than itself, and warns of code that is a major version older."""
    assert importlib.import_module(f"blossm.rpc.v1.{module}").DESCRIPTOR.package == "blossm.rpc.v1"


def test_the_oldest_runtime_that_pyproject_allows_is_not_older_than_the_code() -> None:
    made = re.search(r"^# Protobuf Python Version: (.+)$", (COMMITTED / f"{MODULES[0]}.py").read_text(), re.MULTILINE)
    allowed = re.search(r'"protobuf>=([\d.]+),', (HERE / "pyproject.toml").read_text())
    assert made
    assert allowed
    assert version(made[1]) <= version(allowed[1]) <= version(google.protobuf.__version__)


def version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))
