"""docs/log.md explains what SQLite can say of a log's file."""

from __future__ import annotations

from tests.docs.markdown import page, rows, sections

from blossm.adapters.sqlite.errors import _MEANING


def test_every_error_of_a_file_has_its_row() -> None:
    explained = " ".join(said for said, *_ in rows(sections(page("docs/log.md"))["Errors"]))
    assert [what for _, what, _ in _MEANING if what.split(":")[0] not in explained] == []
