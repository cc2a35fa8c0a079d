"""Every page: its links lead somewhere, its Python is Python, the commands that it shows exist."""

from __future__ import annotations

import ast
import re

import pytest
from tests.docs.markdown import HERE, anchors, blocks, links, page, pages

from blossm.cli.main import COMMANDS


@pytest.mark.parametrize("name", pages())
def test_every_link_leads_to_something_that_is_there(name: str) -> None:
    lost = []
    for target in links(page(name)):
        path, _, anchor = target.partition("#")
        file = (HERE / name).parent / path if path else HERE / name
        if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            lost.append(target)
    assert lost == []


@pytest.mark.parametrize("name", pages())
def test_every_block_of_python_can_be_read(name: str) -> None:
    for block in blocks(page(name)):
        if block.language in ("python", "py"):
            ast.parse(block.text)


@pytest.mark.parametrize("name", pages())
def test_every_command_that_is_shown_exists(name: str) -> None:
    targets = re.findall(r"^(\w+):", page("Makefile"), re.MULTILINE)
    for block in blocks(page(name)):
        if block.language not in ("sh", "bash", "shell"):
            continue
        for line in block.text.splitlines():
            for command in re.findall(r"(?:^|\$\(|\.venv/bin/)blossm +(\w+)", line):
                assert command in COMMANDS, line
            for target in re.findall(r"^make +(\w+)", line):
                assert target in targets, line


def test_the_index_names_every_page_of_the_documentation() -> None:
    index = set(links(page("docs/README.md")))
    there = {file.name for file in (HERE / "docs").glob("*.md")} - {"README.md"}
    assert there <= index


def test_the_index_of_decisions_names_every_decision() -> None:
    index = set(links(page("docs/adr/README.md")))
    assert {file.name for file in (HERE / "docs/adr").glob("[0-9]*.md")} <= index
