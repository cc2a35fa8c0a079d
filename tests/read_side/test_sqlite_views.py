"""What is SQLite's own: a file that lasts, indexes that are used, errors that are told."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from blossm.adapters.sqlite.views import SqliteViewStore
from blossm.adapters.sqlite.views_query import counting, finding, page
from blossm.core.errors import Unavailable
from blossm.core.view import Change, Checkpoint, Comparison, Query
from blossm.core.view_cursor import decode_cursor
from blossm.core.view_query import plan
from blossm.model.network import ViewStoreSpec
from blossm.testing.contracts.view_store import batch, bicycles, ids, put, where

CONDITIONS: tuple[tuple[Comparison, ...], ...] = (
    (),
    (Comparison("color", "eq", "red"),),
    (Comparison("color", "in", ("red", "blue")),),
    (Comparison("color", "prefix", "re"),),
    (Comparison("weight", "gte", 1.0), Comparison("weight", "lt", 9.0)),
    (Comparison("owner.name", "eq", "ada"),),
    (Comparison("sold", "eq", True), Comparison("painted", "gt", 1)),
    (Comparison("color", "eq", "red"), Comparison("painted", "eq", 1)),
    (Comparison("color", "eq", "red"), Comparison("painted", "lte", 1)),
)
SORTS: tuple[Any, ...] = (
    (),
    (("painted", "desc"),),
    (("painted", "asc"),),
    (("weight", "asc"), ("color", "desc")),
    (("weight", "desc"), ("color", "asc")),
)


def declared_queries(spec: ViewStoreSpec) -> Iterator[Query]:
    """Everything that the view answers for a door."""
    context = "north" if spec.context else None
    for conditions, sort, text in itertools.product(CONDITIONS, SORTS, ("", "red", "red blu")):
        yield Query(where=conditions, sort=sort, text=text, limit=1, context=context)


@pytest.mark.parametrize("context", ["", "garage"])
async def test_no_declared_query_reads_more_than_its_index_finds(tmp_path: Path, context: str) -> None:
    spec = bicycles(context=context)
    store = SqliteViewStore.open(tmp_path / "view.db", spec)
    body = {"color": "red", "sold": True, "painted": 2, "weight": 2.0, "owner": {"name": "ada"}}
    await store.apply(1, batch(*(put(id, context="north" if context else "", **body) for id in "abc")))
    for query in declared_queries(spec):
        answer = plan(spec, query)
        cursor = (await store.query(1, query)).next
        afters = {None, decode_cursor(spec, Query(**_fields(query) | {"cursor": cursor}), answer.order)}
        statements = [statement for after in afters for statement in page(spec, query, answer, 1, after)]
        statements = [statement._replace(values=(*statement.values, 10)) for statement in statements]
        for sql, values in [*statements, counting(spec, query, answer, 1)]:
            steps = _explained(store, sql, values)
            reading = [step for step in steps if "rows" in step or "words" in step]
            assert reading, steps
            assert all(step.startswith("SEARCH") for step in reading), (query, steps)
            assert not context or all("context=?" in step or "id=?" in step for step in reading), steps
            if answer.sorted and "count" not in sql:
                assert not any("ORDER BY" in step and "LAST" not in step for step in steps), (query, steps)
    await store.close()


@pytest.mark.parametrize("context", ["", "garage"])
async def test_where_of_a_projection_reads_by_an_index_over_all_contexts(tmp_path: Path, context: str) -> None:
    spec = bicycles(context=context)
    store = SqliteViewStore.open(tmp_path / "view.db", spec)
    for conditions in CONDITIONS[1:]:
        query = Query(where=conditions)
        (step, *_) = _explained(store, *finding(spec, query, plan(spec, query), 1))
        assert step.startswith("SEARCH rows USING INDEX"), step
        assert "<expr>" in step
    await store.close()


async def test_rows_and_checkpoints_outlive_the_process(tmp_path: Path) -> None:
    store = SqliteViewStore.open(tmp_path / "view.db", bicycles())
    await store.apply(1, batch(put("a", color="red")))
    building = await store.begin()
    await store.close()
    store = SqliteViewStore.open(tmp_path / "view.db", bicycles())
    assert ids(await store.query(1, where("color", "red"))) == ["a"]
    assert await store.checkpoints(1) == {"shop": Checkpoint(1, "commit 1")}
    assert (await store.generations()).building == building
    await store.close()


async def test_what_is_declared_anew_is_indexed_when_the_file_is_opened(tmp_path: Path) -> None:
    store = SqliteViewStore.open(tmp_path / "view.db", bicycles(indexes=(), sorts=(), text=()))
    await store.apply(1, batch(put("a", color="red"), put("b", color="blue")))
    await store.close()
    store = SqliteViewStore.open(tmp_path / "view.db", bicycles())
    assert ids(await store.query(1, where("color", "red"))) == ["a"]
    assert ids(await store.query(1, Query(text="blue"))) == ["b"]
    await store.close()
    store = SqliteViewStore.open(tmp_path / "view.db", bicycles(indexes=(("color",),), text=()))
    assert ids(await store.query(1, where("color", "red"))) == ["a"]
    await store.close()


async def test_two_processes_on_one_file_apply_a_batch_once(tmp_path: Path) -> None:
    one, two = (SqliteViewStore.open(tmp_path / "view.db", bicycles()) for _ in range(2))
    counted = batch(Change(op="increment", id="a", fields={"painted": 1}))
    assert [await one.apply(1, counted), await two.apply(1, counted)] == [True, False]
    row = await two.get(1, "a")
    assert row is not None
    assert row.body["painted"] == 1
    await one.close()
    await two.close()


async def test_nothing_of_an_abandoned_generation_stays_in_the_file(tmp_path: Path) -> None:
    store = SqliteViewStore.open(tmp_path / "view.db", bicycles())
    building = await store.begin()
    await store.apply(building, batch(*(put(f"{number}", color=f"red {number}") for number in range(5_000))))
    await store.abandon(building)
    connection = apsw.Connection(str(tmp_path / "view.db"))
    for table in ("rows", "words", "checkpoints"):
        assert next(connection.execute(f"SELECT count(*) FROM {table}")) == (0,)
    connection.close()
    await store.close()


def test_a_file_that_is_no_view_is_told(tmp_path: Path) -> None:
    (tmp_path / "view.db").write_bytes(b"not a database, but long enough to look at" * 100)
    with pytest.raises(Unavailable) as told:
        SqliteViewStore.open(tmp_path / "view.db", bicycles())
    assert told.value.facts["file"].endswith("view.db")


async def test_a_file_of_another_format_is_told(tmp_path: Path) -> None:
    await SqliteViewStore.open(tmp_path / "view.db", bicycles()).close()
    connection = apsw.Connection(str(tmp_path / "view.db"))
    connection.pragma("user_version", 99)
    connection.close()
    with pytest.raises(Unavailable, match="format 99") as told:
        SqliteViewStore.open(tmp_path / "view.db", bicycles())
    assert told.value.help == "remove the file: its projection makes it again"


def _explained(store: SqliteViewStore, sql: str, values: tuple[Any, ...]) -> list[str]:
    explained = store._database.read(lambda connection: list(connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)))
    return [str(detail) for _, _, _, detail in explained]


def _fields(query: Query) -> dict[str, Any]:
    return {name: getattr(query, name) for name in query.__struct_fields__}
