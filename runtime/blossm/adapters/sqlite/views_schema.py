"""The tables and indexes of a view store's file.

A generation is a prefix of every key, so that a replay needs no DDL; one without a role is no more, and is swept.
Declared indexes are indexes over expressions on the body, named by what is in them: the name is what is compared when
the declaration changes.
"""

from __future__ import annotations

from collections.abc import Iterator

import apsw
import orjson

from blossm.adapters.sqlite.database import Format
from blossm.core.view_query import Index, indexes
from blossm.core.view_text import words_of
from blossm.model.network import ViewStoreSpec

BY_ID = '"rows by id"'

_TABLES = f"""
CREATE TABLE generations(
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    role TEXT UNIQUE CHECK (role IN ('current', 'building', 'previous')),
    definition TEXT NOT NULL DEFAULT ''
);
CREATE TABLE checkpoints(
    generation INTEGER NOT NULL, service TEXT NOT NULL, position INTEGER NOT NULL, commit_id TEXT NOT NULL,
    PRIMARY KEY (generation, service)
) WITHOUT ROWID;
CREATE TABLE rows(
    key INTEGER PRIMARY KEY, generation INTEGER NOT NULL, id TEXT NOT NULL, context TEXT NOT NULL,
    body TEXT NOT NULL, parts TEXT NOT NULL
);
CREATE UNIQUE INDEX {BY_ID} ON rows(generation, id);
CREATE TABLE words(
    generation INTEGER NOT NULL, context TEXT NOT NULL, word TEXT NOT NULL, id TEXT NOT NULL,
    PRIMARY KEY (generation, context, word, id)
) WITHOUT ROWID;
CREATE TABLE settings(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO generations(role) VALUES ('current');
"""

FORMAT = Format(what="view", mark=0x626C7677, version=1, tables=_TABLES, help="remove the file: its projection makes it again")


def column(path: str) -> str:
    """A field of the body as an expression. `path` is one of the schema's, whose names are plain words."""
    return "json_extract(body, '$." + ".".join(f'"{name}"' for name in path.split(".")) + "')"


def index_name(index: Index, *, context: bool) -> str:
    """What an index is called: what is in it."""
    fields = [*(["context"] if context else []), *(f"{name} {direction}" for name, direction in index.fields)]
    return "by " + ", ".join([*fields, f"id {index.by_id}"])


def leading_name(field: str) -> str:
    """The index over one field in all contexts."""
    return f"by {field} in all contexts"


def declare(connection: apsw.Connection, spec: ViewStoreSpec) -> None:
    """Make the indexes and words that `spec` declares, where they are not there yet."""
    _index(connection, spec)
    _reword(connection, spec)


def _index(connection: apsw.Connection, spec: ViewStoreSpec) -> None:
    wanted = dict(_definitions(spec))
    found = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE 'by %'")}
    for name in found - wanted.keys():
        connection.execute(f'DROP INDEX "{name}"')
    for name in wanted.keys() - found:
        connection.execute(f'CREATE INDEX "{name}" ON rows({wanted[name]})')


def _definitions(spec: ViewStoreSpec) -> Iterator[tuple[str, str]]:
    """Names and columns. Doors ask within a context; a projection's `where` asks over all of them."""
    prefix = ["generation", "context"] if spec.context else ["generation"]
    for index in indexes(spec):
        if index.fields or spec.context:
            fields = (f"{column(name)} {direction}" for name, direction in index.fields)
            yield index_name(index, context=bool(spec.context)), ", ".join([*prefix, *fields, f"id {index.by_id}"])
        if index.fields and spec.context:
            first = index.names[0]
            yield leading_name(first), f"generation, {column(first)}"


def _reword(connection: apsw.Connection, spec: ViewStoreSpec) -> None:
    """Cut all texts anew where `text` was declared otherwise before."""
    declared = " ".join(spec.text)
    before = connection.execute("SELECT value FROM settings WHERE name = 'text'").fetchone()
    if before == (declared,):
        return
    connection.execute("DELETE FROM words")
    for generation, context, id, body in connection.execute("SELECT generation, context, id, body FROM rows"):
        rows = ((generation, context, word, id) for word in words_of(orjson.loads(body), spec.text))
        connection.executemany("INSERT INTO words VALUES (?, ?, ?, ?)", rows)
    connection.execute("INSERT OR REPLACE INTO settings VALUES ('text', ?)", (declared,))
