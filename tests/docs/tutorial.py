"""Doing what docs/writing-a-network.md says: writing its files, step by step, into a folder.

A block of YAML or Python follows a line that names its file: "`x`:" writes it, "Add to the end of `x`:" grows it, and "In `x`,
… becomes:" replaces the document of the same procedure.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.markdown import Block, blocks, page, quoted, sections

STEPS = sections(page("docs/writing-a-network.md"))


def follow(folder: Path, step: str) -> list[str]:
    """Write what one step writes into `folder`; answers the lines that it has one type."""
    typed: list[str] = []
    for block in blocks(STEPS[step]):
        if block.language == "sh":
            typed += block.text.splitlines()
        else:
            _write(folder, block)
    return typed


def _write(folder: Path, block: Block) -> None:
    named = [name for name in quoted(block.lead) if name.endswith((".yaml", ".py"))]
    assert block.lead.endswith(":"), f"a block without a line that names its file: {block.text}"
    assert named, block.lead
    file = folder / named[0]
    file.parent.mkdir(parents=True, exist_ok=True)
    if "Add to the end of" in block.lead:
        file.write_text(file.read_text() + block.text)
    elif block.lead.endswith("becomes:"):
        file.write_text(_with(file.read_text(), block.text))
    else:
        file.write_text(block.text)


def _with(text: str, document: str) -> str:
    """The documents of a file, with the one that is about the same procedure replaced."""
    documents = re.split(r"^---.*\n", text, flags=re.MULTILINE)
    meant = [at for at, old in enumerate(documents) if _about(old) == _about(document)]
    assert len(meant) == 1, f"{document} replaces nothing"
    documents[meant[0]] = document
    return "---\n".join(documents)


def _about(document: str) -> list[str]:
    return [line.partition("#")[0].strip() for line in document.splitlines() if line.startswith(("procedure:", "name:"))]
