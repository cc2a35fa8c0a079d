"""What every log store promises, as a suite: subclass `LogStoreContract` and say in `store` how an empty one is made."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from itertools import count

import msgspec
import pytest

from blossm.core.commit import Commit, Later, LoggedCommit, NewEvent, StoredReply
from blossm.core.event import Step, Tx
from blossm.ports import LogStore

_serial = count(1)

RED = "00000000-0000-4000-8000-000000000001"
BLUE = "00000000-0000-4000-8000-000000000002"
AT = "2025-01-01T00:00:00.000000Z"


def painted(root: str = RED, *, domain: str = "bicycle", **payload: object) -> NewEvent:
    return NewEvent(domain, root, "painted", 1, payload or {"color": "red"})


def commit(*events: NewEvent, key: str = "", fingerprint: str = "", reply: StoredReply = StoredReply()) -> Commit:  # noqa: B008 - frozen
    """A commit with an id of its own."""
    id = uuid.UUID(int=next(_serial)).hex
    tx = Tx("tx", (Step("command:shop.bicycle.paint", "step", AT),), {"sub": "ada"})
    return Commit(id=id, key=key or id, fingerprint=fingerprint, events=events or (painted(),), reply=reply, tx=tx, created=AT)


def placed(
    *commits: Commit, at: int = 1, committed: str = AT, numbers: dict[tuple[str, str], int] | None = None
) -> list[LoggedCommit]:
    """Commits in their places from a position on. `numbers`: the latest ones so far."""
    latest = dict(numbers or {})
    logged: list[LoggedCommit] = []
    for each in commits:
        given: list[int] = []
        for event in each.events:
            key = (event.domain, event.root)
            latest[key] = latest.get(key, 0) + 1
            given.append(latest[key])
        logged.append(LoggedCommit(position=at, committed=committed, numbers=tuple(given), commit=each))
        at = logged[-1].end
    return logged


class LogStoreContract:
    """The suite. `store` yields an empty log of the service `shop` in the network `city.example`, and closes it."""

    @pytest.fixture
    async def store(self) -> AsyncIterator[LogStore]:
        raise NotImplementedError
        yield  # noqa: PT022 - it says what a subclass does

    @pytest.fixture
    async def filled(self, store: LogStore) -> LogStore:
        """Five events in three commits: 1 red; 2 blue, 3 red, 4 a wheel; 5 blue."""
        first = placed(commit(painted(RED, color="red"), key="first"), committed="2025-01-01T00:00:00.000000Z")
        second = placed(
            commit(painted(BLUE, color="blue"), painted(RED, color="green"), painted(RED, domain="wheel"), key="second"),
            at=2,
            committed="2025-01-02T00:00:00.000000Z",
            numbers={("bicycle", RED): 1},
        )
        third = placed(
            commit(painted(BLUE, color="black"), key="third"),
            at=5,
            committed="2025-01-03T00:00:00.000000Z",
            numbers={("bicycle", BLUE): 1},
        )
        assert await store.insert_at(1, first) == "inserted"
        assert await store.insert_at(2, [*second, *third]) == "inserted"
        return store

    # ------------------------------------------------------------ inserting

    async def test_an_empty_log_has_its_head_at_1(self, store: LogStore) -> None:
        assert await store.head() == 1
        page = await store.read(0, 10)
        assert (page.commits, page.scanned) == ((), 0)

    async def test_commits_go_in_at_the_head_in_order(self, store: LogStore) -> None:
        logged = placed(commit(painted(), painted()), commit(painted(BLUE)))
        assert await store.insert_at(1, logged) == "inserted"
        assert await store.head() == 4
        assert (await store.read(0, 10)).commits == tuple(logged)

    async def test_a_commit_comes_back_as_it_was(self, store: LogStore) -> None:
        nested = {"text": "ä\u0000💥", "list": [1, 2.5, True, None], "object": {"a": {"b": []}}, "big": 2**53 + 1, "none": {}}
        tx = Tx("tx", (Step("command:a", "1", AT), Step("command:b", "2", AT)), {"sub": "ada", "roles": ["x"]})
        whole = Commit(
            id="id",
            key="key",
            fingerprint="print",
            events=(NewEvent("bicycle", RED, "painted", 3, nested),),
            reply=StoredReply(201, {"ok": [None]}, RED),
            later=(Later("shop.bicycle.paint", {"n": 1}, BLUE, AT),),
            tx=tx,
            context={"garage": BLUE},
            traceparent="00-a-b-01",
            created="2025-01-01T00:00:00.000001Z",
        )
        (logged,) = placed(whole)
        await store.insert_at(1, [logged])
        assert (await store.read(0, 1)).commits == (logged,)
        assert (await store.by_key(["key"]))["key"] == logged
        (event,) = await store.root("bicycle", RED)
        assert event == logged.events(service="shop", network="city.example")[0]

    async def test_what_was_logged_can_not_be_changed_from_outside(self, store: LogStore) -> None:
        payload: dict[str, object] = {"colors": ["red"]}
        await store.insert_at(1, placed(commit(NewEvent("bicycle", RED, "painted", 1, payload))))
        payload["colors"] = []
        (event,) = await store.root("bicycle", RED)
        event.payload["colors"].append("blue")
        (again,) = await store.root("bicycle", RED)
        assert again.payload == {"colors": ["red"]}

    @pytest.mark.parametrize("position", [1, 2, 5, 7, 100])
    async def test_nothing_goes_in_anywhere_but_at_the_head(self, filled: LogStore, position: int) -> None:
        assert await filled.insert_at(position, placed(commit(painted(BLUE)), at=position)) == "taken"
        assert await filled.head() == 6

    async def test_a_known_key_is_taken_and_a_prefix_at_most_goes_in(self, filled: LogStore) -> None:
        new, known = commit(painted(str(uuid.UUID(int=7)))), commit(painted(str(uuid.UUID(int=8))), key="second")
        assert await filled.insert_at(6, placed(new, known, at=6)) == "taken"
        tail = (await filled.read(5, 10)).commits
        assert [logged.commit.id for logged in tail] in ([], [new.id])

    async def test_the_same_commits_again_are_taken(self, store: LogStore) -> None:
        logged = placed(commit())
        assert await store.insert_at(1, logged) == "inserted"
        assert await store.insert_at(1, logged) == "taken"
        assert (await store.read(0, 10)).commits == tuple(logged)

    async def test_the_id_of_an_event_is_made_of_service_key_and_ordinal_on_every_store(self, store: LogStore) -> None:
        await store.insert_at(1, placed(commit(painted(), painted(), key="a")))
        first, second = await store.root("bicycle", RED)
        assert (first.id, second.id) == ("acce764473021332dbaa3ef103825388.0", "acce764473021332dbaa3ef103825388.1")

    async def test_two_commits_of_one_id_under_two_keys_have_events_of_different_ids(self, store: LogStore) -> None:
        one = commit(painted(), key="a")
        await store.insert_at(1, placed(one, msgspec.structs.replace(one, key="b")))
        events = await store.root("bicycle", RED)
        assert len({event.id for event in events}) == len(events) == 2

    # ------------------------------------------------------------ looking up

    async def test_the_latest_number_of_a_root_is_known_and_a_root_without_events_left_out(self, filled: LogStore) -> None:
        keys = [("bicycle", RED), ("bicycle", BLUE), ("wheel", RED), ("wheel", BLUE)]
        assert await filled.latest(keys) == {("bicycle", RED): 2, ("bicycle", BLUE): 2, ("wheel", RED): 1}

    async def test_the_last_position_of_a_domain_is_known_and_a_domain_without_events_left_out(self, filled: LogStore) -> None:
        assert await filled.latest_in(["bicycle", "wheel", "bell"]) == {"bicycle": 5, "wheel": 4}

    async def test_commits_are_found_by_their_keys(self, filled: LogStore) -> None:
        found = await filled.by_key(["third", "second", "nobody's"])
        assert {key: logged.position for key, logged in found.items()} == {"second": 2, "third": 5}
        assert await filled.by_key([]) == {}

    # ------------------------------------------------------------ reading

    @pytest.mark.parametrize(
        ("after", "starts"), [(0, [1, 2, 5]), (1, [2, 5]), (2, [2, 5]), (3, [2, 5]), (4, [5]), (5, []), (9, [])]
    )
    async def test_commits_that_end_after_a_position_come_whole(self, filled: LogStore, after: int, starts: list[int]) -> None:
        page = await filled.read(after, 10)
        assert [logged.position for logged in page.commits] == starts
        assert page.scanned == max(after, 5)

    async def test_a_page_ends_at_its_limit_and_says_how_far_it_looked(self, filled: LogStore) -> None:
        page = await filled.read(0, 2)
        assert [logged.position for logged in page.commits] == [1, 2]
        assert page.scanned == 4

    async def test_a_reader_of_rare_domains_moves_past_what_does_not_concern_it(self, filled: LogStore) -> None:
        page = await filled.read(0, 10, domains=["wheel"])
        assert [logged.position for logged in page.commits] == [2]
        assert len(page.commits[0].commit.events) == 3
        assert page.scanned == 5
        assert (await filled.read(0, 10, domains=["bell"])).scanned == 5
        assert (await filled.read(4, 10, domains=["wheel"])).commits == ()

    async def test_a_commit_that_concerns_two_domains_comes_once(self, filled: LogStore) -> None:
        page = await filled.read(0, 10, domains=["wheel", "bicycle"])
        assert [logged.position for logged in page.commits] == [1, 2, 5]

    async def test_pages_of_large_commits_are_short_and_nothing_is_skipped(self, store: LogStore) -> None:
        large = [commit(painted(note="x" * 900_000)) for _ in range(8)]
        await store.insert_at(1, placed(*large))
        after, seen, pages = 0, 0, 0
        while after < 8:
            page = await store.read(after, 500)
            assert page.scanned > after
            after, seen, pages = page.scanned, seen + len(page.commits), pages + 1
        assert (seen, pages > 1) == (8, True)

    async def test_a_log_longer_than_a_page_is_read_in_order(self, store: LogStore) -> None:
        logged = placed(*(commit(painted(str(uuid.UUID(int=n % 7)), n=n)) for n in range(300)))
        await store.insert_at(1, logged)
        found: list[LoggedCommit] = []
        after = 0
        while (page := await store.read(after, 70)).commits:
            found += page.commits
            after = page.scanned
        assert found == logged
        root = await store.root("bicycle", str(uuid.UUID(int=3)))
        assert [event.number for event in root] == list(range(1, len(root) + 1))
        assert [event.payload["n"] for event in root] == list(range(3, 300, 7))

    # ------------------------------------------------------------ roots

    async def test_a_roots_events_come_in_order_of_their_numbers(self, filled: LogStore) -> None:
        events = await filled.root("bicycle", RED)
        assert [(event.number, event.position, event.payload["color"]) for event in events] == [(1, 1, "red"), (2, 3, "green")]
        assert len({event.id for event in [*events, *await filled.root("bicycle", BLUE)]}) == 4
        assert await filled.root("wheel", BLUE) == []

    async def test_a_roots_events_can_be_cut_at_numbers_and_times(self, filled: LogStore) -> None:
        def numbers_of(events: list[object]) -> list[int]:
            return [event.number for event in events]  # type: ignore[attr-defined]

        assert numbers_of([*await filled.root("bicycle", RED, after=1)]) == [2]
        assert numbers_of([*await filled.root("bicycle", RED, until=1)]) == [1]
        assert numbers_of([*await filled.root("bicycle", RED, until=0)]) == []
        assert numbers_of([*await filled.root("bicycle", RED, until_time="2025-01-01T23:59:59.999999Z")]) == [1]
        assert numbers_of([*await filled.root("bicycle", RED, until_time="2025-01-02T00:00:00.000000Z")]) == [1, 2]
        assert numbers_of([*await filled.root("bicycle", RED, until_time="2024-01-01T00:00:00.000000Z")]) == []

    async def test_roots_are_listed_by_their_last_event(self, filled: LogStore) -> None:
        assert await filled.roots("bicycle") == [(RED, 3), (BLUE, 5)]
        assert await filled.roots("bicycle", after=3) == [(BLUE, 5)]
        assert await filled.roots("bicycle", limit=1) == [(RED, 3)]
        assert await filled.roots("bicycle", after=5) == []
        assert await filled.roots("bell") == []
