"""`blossm log export` and `import`: the same log in another place, to the byte, whatever broke off on the way."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
import pytest
from tests.log.damage import cut, size
from tests.mongodb.fixtures import Databases

from blossm.adapters.memory.log import MemoryLogStore
from blossm.adapters.mongodb.log import MongoLogStore
from blossm.adapters.sqlite.log import SqliteLogStore
from blossm.core.commit import MAX_BYTES, Commit, Later, LoggedCommit, NewEvent, StoredReply
from blossm.core.errors import Conflict, Unavailable
from blossm.core.event import Step as TxStep
from blossm.core.event import Tx
from blossm.local.logs.checks import Problem
from blossm.local.logs.export import export, export_to
from blossm.local.logs.importing import Imported, import_lines
from blossm.local.logs.lines import MAX_LINE, FileRefused, Header, line_of
from blossm.local.logs.verify import verify
from blossm.model.indexes import log_plan
from blossm.ports import LogStore
from blossm.testing.contracts.log_store import AT, BLUE, RED, commit, painted, placed

HEADER = Header(network="city.example", service="shop")


def in_memory() -> MemoryLogStore:
    return MemoryLogStore(service="shop", network="city.example")


def everything() -> Commit:
    """A commit with all that one may have."""
    values = [1, 2.5, 1.0, -0.0, 1e300, True, None]
    nested = {"text": "ä\u0000💥\u2028", "list": values, "object": {"b": {"a": []}}, "big": 2**53 + 1}
    return Commit(
        id="id",
        key="key",
        fingerprint="print",
        events=(NewEvent("bicycle", RED, "painted", 3, nested), NewEvent("wheel", BLUE, "turned", 1, {})),
        reply=StoredReply(201, {"ok": [None]}, RED),
        later=(Later("shop.bicycle.paint", {"n": 1}, BLUE, AT),),
        tx=Tx("tx", (TxStep("command:a", "1", AT), TxStep("command:b", "2", AT)), {"sub": "ada", "roles": ["x"]}),
        context={"garage": BLUE},
        traceparent="00-a-b-01",
        created="2025-01-01T00:00:00.000001Z",
    )


def some(count: int = 3) -> list[LoggedCommit]:
    return placed(everything(), *(commit(painted(RED), painted(BLUE)) for _ in range(count - 1)))


async def filled(store: LogStore, commits: Sequence[LoggedCommit]) -> LogStore:
    assert await store.insert_at(1, commits) == "inserted"
    return store


async def exported(store: LogStore) -> bytes:
    out = io.BytesIO()
    async for _ in export(store, HEADER, out):
        pass
    return out.getvalue()


async def imported(store: LogStore, text: bytes) -> tuple[Imported, list[Problem]]:
    """How the import of an export ended, and what was wrong with its lines."""
    file = io.BytesIO(text)
    file.readline()
    found = [one async for one in import_lines(store, file)]
    assert isinstance(found[-1], Imported)
    return found[-1], [one for one in found if isinstance(one, Problem)]


async def write(store: LogStore, file: Path) -> None:
    async for _ in export_to(store, HEADER, file):
        pass


# ------------------------------------------------------------ there and back


async def test_a_log_that_was_imported_is_exported_to_the_same_bytes(tmp_path: Path) -> None:
    text = await exported(await filled(in_memory(), some()))
    file = SqliteLogStore.open(tmp_path / "shop.db", service="shop", network="city.example")
    assert await imported(file, text) == (Imported(0, 6), [])
    assert await exported(file) == text
    back = in_memory()
    await imported(back, await exported(file))
    assert await exported(back) == text
    await file.close()


async def test_a_log_goes_by_way_of_mongodb_and_comes_back_the_same(tmp_path: Path, mongodbs: Databases) -> None:
    text = await exported(await filled(in_memory(), some()))
    database = await mongodbs.having(log_plan(()))
    on_server = await MongoLogStore.open(database, service="shop", network="city.example")
    assert await imported(on_server, text) == (Imported(0, 6), [])
    assert [one async for one in verify(on_server) if isinstance(one, Problem)] == []
    file = SqliteLogStore.open(tmp_path / "shop.db", service="shop", network="city.example")
    assert await imported(file, await exported(on_server)) == (Imported(0, 6), [])
    assert await exported(file) == text
    await file.close()
    await on_server.close()


async def test_a_log_of_many_batches_is_imported_whole() -> None:
    text = await exported(await filled(in_memory(), some(1200)))
    other = in_memory()
    assert await imported(other, text) == (Imported(0, 2400), [])
    assert await exported(other) == text


async def test_an_empty_log_is_a_header(tmp_path: Path) -> None:
    text = await exported(in_memory())
    assert text == b'{"format":"blossm-log","version":1,"network":"city.example","service":"shop"}\n'
    assert await imported(in_memory(), text) == (Imported(0, 0), [])


# ------------------------------------------------------------ an export that goes on


@pytest.mark.parametrize("left", [0, 1, 40, 79, 80, 81, 1000, -1, -2, -200, None])
async def test_an_export_that_was_broken_off_goes_on_where_the_file_ends(tmp_path: Path, left: int | None) -> None:
    file = tmp_path / "shop.ndjson"
    store = await filled(in_memory(), some(4))
    await write(store, file)
    cut(file, size(file) if left is None else left)
    await write(store, file)
    assert read(file) == await exported(store)


def read(file: Path) -> bytes:
    return file.read_bytes()


async def test_an_export_takes_what_was_logged_since(tmp_path: Path) -> None:
    file = tmp_path / "shop.ndjson"
    all_of_it = some(4)
    store = await filled(in_memory(), all_of_it[:2])
    await write(store, file)
    await store.insert_at(5, all_of_it[2:])
    await write(store, file)
    assert read(file) == await exported(store)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"my notes\n", "is no export of a log"),
        (b"my notes", "is no export of a log"),
        (b'{"format": "other", "version": 1, "network": "a", "service": "b"}\n', "is no export of a log"),
        (line_of(Header(network="city.example", service="shop", version=2)), "has format 2, and this version of Blossm knows 1"),
        (line_of(Header(network="city.example", service="staff")), "is the export of staff in city.example, not of shop"),
        (line_of(Header(network="town.example", service="shop")), "is the export of shop in town.example"),
        (line_of(HEADER) + b"{}\n", "the last line of .* can't be read"),
    ],
)  # fmt: skip
async def test_a_file_that_is_something_else_is_refused_and_not_touched(tmp_path: Path, text: bytes, told: str) -> None:
    file = tmp_path / "shop.ndjson"
    put(file, text)
    with pytest.raises(FileRefused, match=told):
        await write(await filled(in_memory(), some()), file)
    assert read(file) == text


def put(file: Path, text: bytes) -> None:
    file.write_bytes(text)


async def test_the_export_of_a_log_that_was_restored_and_went_another_way_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "shop.ndjson"
    before = some()
    await write(await filled(in_memory(), before), file)
    text = read(file)
    with pytest.raises(Conflict, match="ends with another commit than the log has at position 5"):
        await write(await filled(in_memory(), [*before[:2], *placed(commit(), at=5)]), file)
    with pytest.raises(Conflict, match="at position 5"):
        await write(await filled(in_memory(), before[:2]), file)
    assert read(file) == text


async def test_two_exports_do_not_write_to_one_file(tmp_path: Path) -> None:
    file = tmp_path / "shop.ndjson"
    store = await filled(in_memory(), some())
    first = export_to(store, HEADER, file)
    await anext(first)
    with pytest.raises(FileRefused, match="another process writes"):
        await write(store, file)
    await first.aclose()


# ------------------------------------------------------------ an import that goes on


async def test_an_import_that_was_broken_off_goes_on_where_the_log_ends() -> None:
    commits = some(1200)
    text = await exported(await filled(in_memory(), commits))
    begun = await filled(in_memory(), commits[:700])
    assert await imported(begun, text) == (Imported(1400, 2400), [])
    assert await exported(begun) == text


async def test_an_import_of_what_is_there_logs_nothing() -> None:
    commits = some(4)
    text = await exported(await filled(in_memory(), commits[:3]))
    store = await filled(in_memory(), commits)
    assert await imported(store, text) == (Imported(8, 8), [])


async def test_nothing_is_imported_over_other_events() -> None:
    commits = some(4)
    text = await exported(await filled(in_memory(), commits))
    other = await filled(in_memory(), [commits[0], *placed(commit(painted(RED), painted(BLUE)), at=3)])
    with pytest.raises(Conflict, match="another commit at position 3 than line 3 of the file") as caught:
        await imported(other, text)
    assert caught.value.facts["file"] == commits[1].commit.id
    assert await other.head() == 5


def changed(logged: LoggedCommit, **what: object) -> bytes:
    """A line in which something is otherwise."""
    return msgspec.json.encode(msgspec.to_builtins(logged) | what) + b"\n"


THIRD = some()[2]
EARLIER = "2024-01-01T00:00:00.000000Z"


def commit_with(**what: object) -> dict[str, object]:
    return dict(msgspec.to_builtins(THIRD.commit)) | what


DEEP = b"[" * 5000 + b"]" * 5000
BAD_LINES = [
    (b"\n", 0, "it is no commit"),
    (b"{\n", 0, "it is no commit"),
    (b"\xff\n", 0, "it is no commit"),
    (changed(THIRD, position="5"), 0, "it is no commit: Expected `int`, got `str` - at `$.position`"),
    (changed(THIRD, color="red"), 0, "nobody knows what `color` is"),
    (changed(THIRD, commit=commit_with(tx={"id": "", "by": ""})), 0, "nobody knows what `commit.tx.by` is"),
    (changed(THIRD, position=4), 4, "the last commit ended before position 5, and this one begins at 4"),
    (changed(THIRD, position=6), 6, "the last commit ended before position 5, and this one begins at 6"),
    (changed(THIRD, numbers=[2, 2]), 5, f"bicycle {RED} has number 2 after 2"),
    (changed(THIRD, numbers=[3]), 5, "it has 2 events and 1 numbers"),
    (changed(THIRD, committed=EARLIER), 5, f"it was committed at {EARLIER}, and one before"),
    (changed(THIRD, committed="2026-01-01"), 5, "its time '2026-01-01' is none"),
    (changed(THIRD, commit=commit_with(key="key")), 5, "its key is that of the commit at 1"),
    (changed(THIRD, committed="2026-13-01T00:00:00.000000Z"), 5, "its time '2026-13-01T00:00:00.000000Z' is none"),
    (line_of(THIRD).replace(b'"version":1', b'"version":9223372036854775808'), 5, "an event has domain 'bicycle', action"),
    (changed(THIRD, commit=commit_with(fingerprint="x" * MAX_BYTES)), 0, f"a commit may have {MAX_BYTES} bytes, this one has"),
    (line_of(THIRD).replace(b'"payload":{', b'"payload":{"a":%s,' % DEEP), 0, "it is no commit: it is nest"),
    (line_of(THIRD)[:-1], 0, "it is cut off: the file ends within it"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "position", "told"), BAD_LINES)
async def test_what_is_wrong_with_a_line_is_told_and_what_stands_before_it_is_imported(
    line: bytes, position: int, told: str
) -> None:
    good = some()
    store = in_memory()
    done, problems = await imported(store, b"".join([line_of(HEADER), line_of(good[0]), line_of(good[1]), line]))
    assert done == Imported(0, 4)
    assert (problems[0].line, problems[0].position) == (4, position)
    assert problems[0].problem.startswith(told)
    assert await store.head() == 5


async def test_all_bad_lines_are_named_and_nothing_behind_the_first_is_imported() -> None:
    commits = some(6)
    lines = [line_of(logged) for logged in commits]
    lines[2] = b"?\n"
    lines[4] = changed(commits[4], committed="never")
    store = in_memory()
    done, problems = await imported(store, line_of(HEADER) + b"".join(lines))
    assert done == Imported(0, 4)
    assert {problem.line for problem in problems if "number" not in problem.problem} == {4, 6}


async def test_a_line_without_an_end_is_one_bad_line() -> None:
    commits = some(4)
    lines = [line_of(logged) for logged in commits]
    lines[1] = b'{"position":"' + b"x" * (2 * MAX_LINE) + b'"}\n'
    lines[3] = b"?\n"
    done, problems = await imported(in_memory(), line_of(HEADER) + b"".join(lines))
    assert done == Imported(0, 2)
    assert next((one.line, one.problem) for one in problems if one.position == 0) == (3, "it is too long")
    assert problems[-1].line == 5


async def test_a_bad_line_in_what_is_there_already_lets_nothing_in() -> None:
    commits = some(4)
    lines = [line_of(logged) for logged in commits]
    lines[0] = changed(commits[0], color="red")
    store = await filled(in_memory(), commits[:2])
    done, problems = await imported(store, line_of(HEADER) + b"".join(lines))
    assert (done, problems[0].line) == (Imported(4, 4), 2)


# ------------------------------------------------------------ while it is written


class Uncertain(MemoryLogStore):
    """A store that does not know how its next writes ended."""

    def __init__(self, *, unknown: int, written: bool) -> None:
        super().__init__(service="shop", network="city.example")
        self.unknown, self.written = unknown, written

    async def insert_at(self, position: int, commits: Sequence[LoggedCommit]) -> Literal["inserted", "taken", "unknown"]:
        if not self.unknown:
            return await super().insert_at(position, commits)
        self.unknown -= 1
        if self.written:
            await super().insert_at(position, commits[:2])  # a prefix
        return "unknown"


@pytest.mark.parametrize("written", [True, False])
async def test_an_unknown_outcome_is_found_out(written: bool) -> None:
    text = await exported(await filled(in_memory(), some(5)))
    store = Uncertain(unknown=2, written=written)
    assert await imported(store, text) == (Imported(0, 10), [])
    assert await exported(store) == text


async def test_an_outcome_that_stays_unknown_is_told_with_what_to_do() -> None:
    text = await exported(await filled(in_memory(), some()))
    with pytest.raises(Unavailable, match="from position 1 on are logged is unknown") as caught:
        await imported(Uncertain(unknown=100, written=False), text)
    assert "import the file again" in caught.value.help


class Shared(MemoryLogStore):
    """A store to which somebody else logs first."""

    async def insert_at(self, position: int, commits: Sequence[LoggedCommit]) -> Literal["inserted", "taken", "unknown"]:
        await super().insert_at(await self.head(), placed(commit(painted("9" + RED[1:])), at=await self.head()))
        return await super().insert_at(position, commits)


async def test_somebody_else_who_logs_is_told_and_nothing_goes_in_between() -> None:
    text = await exported(await filled(in_memory(), some()))
    store = Shared(service="shop", network="city.example")
    with pytest.raises(Conflict, match="somebody else logs to it: there is another commit at position 1"):
        await imported(store, text)
    assert await store.head() == 2
