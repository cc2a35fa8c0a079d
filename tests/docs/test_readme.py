"""The README shows `examples/hello` as it is, and the lines that talk to it work."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.docs.markdown import HERE, blocks, page
from tests.docs.running import Shell, serving

HELLO = HERE / "examples" / "hello"


def test_the_network_in_one_screen_is_the_example_and_all_of_it() -> None:
    shown = {block.text for block in blocks(page("README.md")) if block.language in ("yaml", "python")}
    files = [file for file in HELLO.rglob("*") if file.suffix in (".yaml", ".py") and not file.name.startswith("test_")]
    assert shown == {file.read_text(encoding="utf-8") for file in files}


def test_the_readme_opens_with_the_two_commands() -> None:
    first = blocks(page("README.md"))[0]
    assert [line.partition("#")[0].strip() for line in first.text.splitlines()] == ["make run", "make test"]


def test_its_lines_greet_and_find_the_visitor(tmp_path: Path) -> None:
    hello = tmp_path / "hello"
    shutil.copytree(HELLO, hello, ignore=shutil.ignore_patterns(".blossm", "__pycache__"))
    lines = [line for block in blocks(page("README.md")) for line in block.text.splitlines() if line.startswith("curl ")]
    with serving(hello, log=tmp_path / "log") as url:
        shell = Shell(hello, url=url, bin=tmp_path / "bin")
        assert [shell.run(line) for line in lines] == [200, 200]
