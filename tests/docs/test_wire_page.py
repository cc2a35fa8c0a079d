"""docs/wire.md is true: its lines are run against a network of processes, and answer what it shows."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.docs.markdown import HERE, Block, blocks, page, quoted, rows, sections
from tests.docs.running import BIN, serving
from tests.rpc.grpcurl import grpcurl

from blossm.core.errors import BlossmError

__all__ = ["grpcurl"]  # a fixture

PAGE = page("docs/wire.md")
EXPORT = re.compile(r"^export (\w+)=(?:'operator:…'|\S+ +# (.+))$", re.MULTILINE)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The example, running as processes, without what other tests have logged."""
    folder = tmp_path_factory.mktemp("wire")
    city = folder / "bicycle_city"
    shutil.copytree(HERE / "examples/bicycle_city", city, ignore=shutil.ignore_patterns(".blossm", "__pycache__"))
    with serving(city, "--processes", log=folder / "log"):
        yield city


@pytest.fixture(scope="module")
def environment(network: Path) -> dict[str, str]:
    """What a reader has set after the page's lines with `export`."""
    status = json.loads(sh("blossm status --json", network, {}))
    listens = {procedure["process"]: procedure["listens"] for procedure in status["procedures"]}
    key = json.loads((network / ".blossm/running.json").read_text())["operator_key"]
    return {name: listens[process] if process else key for name, process in EXPORT.findall(PAGE)}


def sh(script: str, folder: Path, environment: dict[str, str], *, tools: Path = BIN) -> str:
    """What a script prints, with `blossm` and the project's Python on the path."""
    path = f"{tools}:{BIN}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-ec", script],
        cwd=folder,
        env={**os.environ, **environment, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    return done.stdout


def lines_of_grpcurl() -> list[tuple[Block, Block]]:
    """Each block with grpcurl, and the block after it: what it answers."""
    return [pair for pair in pairwise(blocks(PAGE)) if pair[0].text.startswith("grpcurl ")]


def like(answered: Any, shown: Any) -> Any:
    """What was answered, with `…` in the places where the page has it."""
    match shown:
        case "…":
            return shown
        case dict() if isinstance(answered, dict):
            return {name: like(value, shown.get(name)) for name, value in answered.items()}
        case list() if isinstance(answered, list) and len(answered) == len(shown):
            return [like(*both) for both in zip(answered, shown, strict=True)]
    return answered


def test_every_line_of_grpcurl_answers_what_the_page_shows(network: Path, environment: dict[str, str], grpcurl: Path) -> None:
    assert len(lines_of_grpcurl()) == 10
    for line, shown in lines_of_grpcurl():
        answer = sh(line.text, network, environment, tools=grpcurl.parent)
        if shown.language == "json":
            assert like(json.loads(answer), json.loads(shown.text)) == json.loads(shown.text), line.text
        else:
            assert answer == shown.text, line.text


def test_a_stranger_has_stubs_from_protos_and_calls_an_event_store(
    network: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    contract = next(block.text for block in blocks(PAGE) if block.text.startswith("blossm proto "))
    sh(contract.replace("examples/bicycle_city", str(network)), tmp_path, {})
    shutil.copytree(network / "protos", tmp_path / "protos")
    stubs, client = blocks(sections(PAGE)["From another language"].partition("### Python")[2])[:2]
    sh("\n".join(line for line in stubs.text.splitlines() if "pip install" not in line), tmp_path, {})
    (tmp_path / "client.py").write_text(client.text)
    # Its own modules and those of libraries, but not the project, which is in the environment as a link (-S leaves links out).
    libraries = next(path for path in sys.path if path.endswith("site-packages"))
    stranger = {**environment, "PYTHONPATH": f"{tmp_path / 'stubs'}:{libraries}"}
    assert "blossm.core" not in sh("python -S -c 'import blossm; print(blossm.__path__)'", tmp_path, stranger)
    first, again = (sh("python -S client.py", tmp_path, stranger).splitlines() for _ in range(2))
    assert re.fullmatch(r"logged at \d+", first[0])
    assert again[0] == first[0].replace("logged", "logged before")
    assert first[1] == again[1] == "a blue bicycle with 3 wheels"


def test_the_table_of_errors_is_that_of_the_code() -> None:
    told = PAGE.partition("**Errors.**")[2].partition("`Append` is the exception")[0]
    shown = {(quoted(code)[0], quoted(status)[0], int(http)) for code, status, http, _ in rows(told) if http.isdigit()}
    ours = [cls for cls in BlossmError.__subclasses__() if cls.__module__ == BlossmError.__module__]
    assert shown == {(cls.code(), cls.grpc, cls.http) for cls in ours}
