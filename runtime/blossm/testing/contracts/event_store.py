"""What the event stores of a service promise to who calls them, as a suite.

Subclass `EventStoreContract` and say in `log` and `states` how empty stores are made; `client` may be overridden to
reach the event stores by another way.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from blossm.adapters.memory.clock import FakeClock
from blossm.core.commit import Expectation, NewEvent, StoredReply
from blossm.core.errors import BadRequest, Conflict, Internal, KeyReused, NotFound
from blossm.core.read_set import NO_READS, Question, ReadSet
from blossm.ports import EventStoreClient, LogStore, StateStore
from blossm.testing.contracts import shop
from blossm.testing.contracts.log_store import BLUE, RED, commit, placed
from blossm.testing.contracts.shop import GREEN, broken, event_stores, painted, sold, trued


class EventStoreContract:
    """The suite."""

    @pytest.fixture
    async def log(self) -> AsyncIterator[LogStore]:
        raise NotImplementedError
        yield  # noqa: PT022 - it says what a subclass does

    @pytest.fixture
    async def states(self) -> AsyncIterator[StateStore]:
        raise NotImplementedError
        yield  # noqa: PT022 - it says what a subclass does

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    async def client(self, log: LogStore, states: StateStore, clock: FakeClock) -> AsyncIterator[EventStoreClient]:
        stores = event_stores(log, states, clock=clock)
        yield stores
        await stores.close()

    # ------------------------------------------------------------ what is let in

    async def test_an_event_is_logged_complete_and_normalised(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red"), painted("blue", coats=2.0)))
        first, second = await client.root("bicycle", RED)
        assert first.payload == {"color": "red", "coats": 1}
        assert second.payload == {"color": "blue", "coats": 2}
        assert isinstance(second.payload["coats"], int)
        assert (first.service, first.network, first.version, second.number) == ("shop", "city.example", 2, 2)

    async def test_every_field_that_is_off_is_named_and_nothing_is_logged(self, client: EventStoreClient) -> None:
        off = commit(
            painted("red"),
            NewEvent("bicycle", RED, "painted", 2, {"coats": 0, "size": 1}),
            NewEvent("bicycle", RED.upper().replace("0", "A"), "melted", 1, {}),
            NewEvent("bell", RED, "rung", 1, {}),
            NewEvent("moon", RED, "shone", 1, {}),
            NewEvent("bicycle", RED, "painted", 1, {"colour": "red"}),
        )
        with pytest.raises(BadRequest) as caught:
            await client.append(off)
        assert {field.path for field in caught.value.fields} == {
            "events[1].payload.color",
            "events[1].payload.coats",
            "events[1].payload.size",
            "events[2].root",
            "events[2].action",
            "events[3].domain",
            "events[4].domain",
            "events[5].version",
        }
        assert await client.head() == 1

    async def test_neighbours_of_an_event_that_is_off_are_not_touched(self, client: EventStoreClient) -> None:
        off = commit(NewEvent("bicycle", RED, "melted", 1, {}))
        one, refused, two = await asyncio.gather(
            client.append(commit(painted("red"))),
            client.append(off),
            client.append(commit(painted("blue"))),
            return_exceptions=True,
        )
        assert isinstance(refused, BadRequest)
        assert not isinstance(one, BaseException)
        assert not isinstance(two, BaseException)
        assert await client.head() == 3

    async def test_several_domains_are_one_commit(self, client: EventStoreClient) -> None:
        done = await client.append(commit(painted("red"), trued(), trued(2, BLUE)))
        assert [(event.domain, event.number, event.position) for event in done.events] == [
            ("bicycle", 1, 1),
            ("wheel", 1, 2),
            ("wheel", 1, 3),
        ]
        assert len((await client.read(0)).commits) == 1

    @pytest.mark.parametrize(
        ("reads", "expect"),
        [
            (ReadSet("staff", 1), Expectation()),
            (NO_READS, Expectation(roots={("moon", RED): 0})),
            (NO_READS, Expectation(quiet={"moon": 1})),
            (ReadSet("shop", 1, {("moon", RED): 0}), Expectation()),
            (ReadSet("shop", 1, {}, (Question("moon", {}, {}),)), Expectation()),
        ],
        ids=["service", "root", "quiet", "read root", "question"],
    )
    async def test_an_expectation_about_another_service_is_refused(
        self, client: EventStoreClient, reads: ReadSet, expect: Expectation
    ) -> None:
        with pytest.raises(BadRequest):
            await client.append(commit(painted("red")), reads=reads, expect=expect)
        assert await client.head() == 1

    # ------------------------------------------------------------ repeats

    async def test_a_repeat_gets_the_original_reply(self, client: EventStoreClient) -> None:
        reply = StoredReply(201, {"color": "red"}, RED)
        first = await client.append(commit(painted("red"), key="k", fingerprint="f", reply=reply))
        again = await client.append(commit(painted("red"), key="k", fingerprint="f"))
        known = await client.reply_to("k", "f")
        assert known is not None
        assert again == known
        assert (known.repeated, known.reply, known.events) == (True, reply, first.events)
        assert await client.reply_to("another", "f") is None

    async def test_a_key_with_another_payload_is_refused(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red"), key="k", fingerprint="f"))
        with pytest.raises(KeyReused):
            await client.reply_to("k", "g")
        with pytest.raises(KeyReused):
            await client.append(commit(painted("red"), key="k", fingerprint="g"))

    async def test_a_repeat_is_not_told_that_its_first_try_changed_the_answer(self, client: EventStoreClient) -> None:
        asked = await self.ask(client, NO_READS, color="red")
        await client.append(commit(painted("red"), key="k"), reads=asked)
        assert (await client.append(commit(painted("red"), key="k"), reads=asked)).repeated
        with pytest.raises(KeyReused):
            await client.append(commit(painted("red"), key="k", fingerprint="other"), reads=asked)

    # ------------------------------------------------------------ aggregates

    async def test_a_root_without_events_has_number_0_and_no_state(self, client: EventStoreClient) -> None:
        reading = await client.aggregate("bicycle", RED)
        assert (reading.value.number, reading.value.state, reading.value.position, reading.head) == (0, {}, 0, 1)

    async def test_payloads_are_laid_over_each_other(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red"), sold("ada@x.example"), painted("blue", coats=3)))
        reading = await client.aggregate("bicycle", RED)
        assert reading.value.state == {"color": "blue", "coats": 3, "owner": {"email": "ada@x.example"}}
        assert (reading.value.number, reading.value.position, reading.head) == (3, 3, 4)

    async def test_a_state_is_known_at_any_number_and_time(self, client: EventStoreClient, clock: FakeClock) -> None:
        times = []
        for n in range(12):
            clock.advance(60)
            times.append((await client.append(commit(painted(f"{n}")))).committed)
        for n in range(13):
            aggregate = (await client.aggregate("bicycle", RED, number=n)).value
            assert (aggregate.number, aggregate.state.get("color")) == (n, f"{n - 1}" if n else None)
        for n, time in enumerate(times, start=1):
            assert (await client.aggregate("bicycle", RED, time=time)).value.number == n
        assert (await client.aggregate("bicycle", RED, time="2025-01-01T01:01:30+01:00")).value.number == 1
        assert (await client.aggregate("bicycle", RED, time="2024-12-31T00:00:00Z")).value.number == 0

    @pytest.mark.parametrize("asked", [{"time": "yesterday"}, {"time": "2025-01-01T00:00:00"}, {"number": -1}])
    async def test_a_time_or_number_that_is_none_is_refused(self, client: EventStoreClient, asked: dict[str, Any]) -> None:
        with pytest.raises(BadRequest):
            await client.aggregate("bicycle", RED, **asked)

    async def test_an_unknown_domain_and_a_root_that_is_no_uuid_are_refused(self, client: EventStoreClient) -> None:
        with pytest.raises(NotFound):
            await client.aggregate("moon", RED)
        with pytest.raises(BadRequest):
            await client.aggregate("bicycle", "7")
        with pytest.raises(BadRequest):
            await client.count("bicycle", "7")

    async def test_a_fold_may_set_what_no_payload_carries(self, client: EventStoreClient) -> None:
        counting = NewEvent("bicycle", RED, "counted", 1, {})
        await client.append(commit(*[counting] * 17))
        assert (await client.aggregate("bicycle", RED)).value.state == {"count": 17}
        found = await client.query_aggregates("bicycle", {"count": 17})
        assert [aggregate.root for aggregate in found.value] == [RED]

    async def test_a_fold_that_breaks_names_event_action_and_line(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red"), NewEvent("bicycle", RED, "broken", 1, {})))
        with pytest.raises(Internal) as caught:
            await client.aggregate("bicycle", RED)
        facts = caught.value.facts
        assert (facts["action"], facts["number"], facts["position"], facts["root"]) == ("broken", 2, 2, RED)
        assert facts["file"] == shop.__file__
        assert facts["line"] == broken.__code__.co_firstlineno + 1
        assert "KeyError" in caught.value.message
        assert (await client.aggregate("bicycle", RED, number=1)).value.state["color"] == "red"

    async def test_old_payloads_are_lifted_when_they_are_read(self, client: EventStoreClient, log: LogStore) -> None:
        old = commit(NewEvent("bicycle", RED, "painted", 1, {"colour": "red"}), trued())
        await log.insert_at(1, placed(old))
        assert (await client.aggregate("bicycle", RED)).value.state == {"color": "red", "coats": 1}
        (event,) = await client.root("bicycle", RED)
        assert (event.version, event.payload) == (2, {"color": "red", "coats": 1})
        (read,) = (await client.read(0)).commits
        assert [(each.version, each.payload) for each in read.commit.events] == [(2, event.payload), (1, {"turns": 1})]
        assert (read.position, read.numbers, read.commit.id) == (1, (1, 1), old.id)
        assert (await log.root("bicycle", RED))[0].payload == {"colour": "red"}

    # ------------------------------------------------------------ questions

    async def test_roots_are_found_by_their_current_state(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red", RED), painted("red", BLUE), painted("green", GREEN)))
        await client.append(commit(painted("blue", BLUE), sold("ada@x.example", GREEN)))
        found = await client.query_aggregates("bicycle", {"color": "red"})
        assert [(aggregate.root, aggregate.number) for aggregate in found.value] == [(RED, 1)]
        assert found.head == 6
        both = await client.query_aggregates("bicycle", {"color": "green", "owner.email": "ada@x.example"})
        assert [aggregate.root for aggregate in both.value] == [GREEN]
        assert (await client.query_aggregates("bicycle", {"color": "black"})).value == ()

    async def test_a_question_never_gets_an_old_answer(self, client: EventStoreClient) -> None:
        for n in range(30):
            await client.append(commit(painted(f"{n}")))
            found = await client.query_aggregates("bicycle", {"color": f"{n}"})
            assert [aggregate.number for aggregate in found.value] == [n + 1]

    @pytest.mark.parametrize(
        ("domain", "where", "path"),
        [
            ("bicycle", {"coats": 1}, "where.coats"),
            ("wheel", {"turns": 1}, "where.turns"),
            ("bicycle", {}, "where"),
            ("bicycle", {"color": 1}, "where.color"),
            ("bicycle", {"color": {"$gt": ""}}, "where.color"),
            ("bicycle", {"color": None}, "where.color"),
        ],
    )
    async def test_only_declared_indexes_answer(
        self, client: EventStoreClient, domain: str, where: dict[str, Any], path: str
    ) -> None:
        with pytest.raises(BadRequest) as caught:
            await client.query_aggregates(domain, where)
        assert [field.path for field in caught.value.fields] == [path]

    async def test_many_roots_are_all_found(self, client: EventStoreClient) -> None:
        roots = [str(uuid.UUID(int=n, version=4)) for n in range(1_500)]
        for start in range(0, 1_500, 500):
            await client.append(commit(*(painted("red", root) for root in roots[start : start + 500])))
        found = await client.query_aggregates("bicycle", {"color": "red"})
        assert [aggregate.root for aggregate in found.value] == sorted(roots)

    # ------------------------------------------------------------ counting and reading

    async def test_a_root_is_counted(self, client: EventStoreClient) -> None:
        assert (await client.count("wheel", RED)).value == 0
        await client.append(commit(trued(), trued(), trued(1, BLUE)))
        reading = await client.count("wheel", RED)
        assert (reading.value, reading.head) == (2, 4)

    async def test_the_log_is_read_in_order_and_says_how_far(self, client: EventStoreClient) -> None:
        for n in range(5):
            await client.append(commit(painted(f"{n}")))
        page = await client.read(2, limit=2)
        assert ([logged.position for logged in page.commits], page.scanned) == ([3, 4], 4)
        assert (await client.read(0, domains=["wheel"])).scanned == 5

    # ------------------------------------------------------------ pinned heads

    async def test_what_is_read_at_a_pinned_head_is_as_of_that_head(self, client: EventStoreClient) -> None:
        head = (await client.append(commit(painted("red"), trued()))).events[-1].position + 1
        await client.append(commit(painted("green", BLUE), trued(1, BLUE)))
        assert (await client.aggregate("bicycle", RED, head=head)).value.state["color"] == "red"
        assert (await client.aggregate("bicycle", GREEN, head=head)).value.number == 0
        assert (await client.count("wheel", RED, head=head)).value == 1
        found = await client.query_aggregates("bicycle", {"color": "green"}, head=head)
        assert (found.value, found.head) == ((), head)

    async def test_a_root_that_moved_since_the_pinned_head_is_a_conflict_at_once(self, client: EventStoreClient) -> None:
        head = (await client.append(commit(painted("red"), trued()))).events[-1].position + 1
        await client.append(commit(painted("green"), trued()))
        for reading in (
            client.aggregate("bicycle", RED, head=head),
            client.count("wheel", RED, head=head),
            client.query_aggregates("bicycle", {"color": "red"}, head=head),
        ):
            with pytest.raises(Conflict) as caught:
                await reading
            assert (caught.value.facts["expected"], caught.value.facts["is"]) == (1, 2)

    async def test_a_past_state_can_be_read_at_a_pinned_head_whatever_came_since(self, client: EventStoreClient) -> None:
        head = (await client.append(commit(painted("red"), painted("blue")))).events[-1].position + 1
        await client.append(commit(painted("green")))
        assert (await client.aggregate("bicycle", RED, head=head, number=1)).value.state["color"] == "red"
        assert (await client.aggregate("bicycle", RED, head=head, number=9)).value.number == 2

    # ------------------------------------------------------------ read sets

    async def ask(self, client: EventStoreClient, reads: ReadSet, **where: Any) -> ReadSet:
        """Ask as a command does, and keep the answer in the read set."""
        found = await client.query_aggregates("bicycle", where, head=reads.head)
        question = Question("bicycle", where, {aggregate.root: aggregate.number for aggregate in found.value})
        return reads.with_question(question, head=found.head)

    async def load(self, client: EventStoreClient, reads: ReadSet, root: str) -> ReadSet:
        found = await client.aggregate("bicycle", root, head=reads.head)
        return reads.with_root("bicycle", root, found.value.number, head=found.head)

    async def test_a_root_that_was_read_must_not_have_moved(self, client: EventStoreClient) -> None:
        reads = await self.load(client, NO_READS, RED)
        await client.append(commit(painted("green", BLUE)), reads=reads)
        await client.append(commit(painted("green", RED)))
        with pytest.raises(Conflict) as caught:
            await client.append(commit(painted("green", BLUE)), reads=reads)
        assert caught.value.facts == {"domain": "bicycle", "root": RED, "expected": 0, "is": 1}

    async def test_a_question_with_the_same_answer_holds_however_the_domain_moved(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red", RED)))
        reads = await self.ask(client, NO_READS, color="red")
        await client.append(commit(painted("green", BLUE)))
        await client.append(commit(painted("black", GREEN)), reads=reads)

    @pytest.mark.parametrize(
        ("change", "was", "now"),
        [
            (painted("red", BLUE), {BLUE: 0}, {BLUE: 1}),
            (painted("green", RED), {RED: 1}, {RED: 0}),
            (painted("red", RED), {RED: 1}, {RED: 2}),
        ],
        ids=["entered", "left", "changed"],
    )
    async def test_a_question_with_another_answer_is_a_conflict(
        self, client: EventStoreClient, change: NewEvent, was: dict[str, int], now: dict[str, int]
    ) -> None:
        await client.append(commit(painted("red", RED)))
        reads = await self.ask(client, NO_READS, color="red")
        await client.append(commit(change))
        with pytest.raises(Conflict) as caught:
            await client.append(commit(painted("black", GREEN)), reads=reads)
        facts = caught.value.facts
        assert (facts["domain"], facts["where"], facts["was"], facts["is"]) == ("bicycle", {"color": "red"}, was, now)

    async def test_one_email_one_account_however_many_ask_at_once(self, client: EventStoreClient) -> None:
        async def sign_up(root: str) -> bool:
            for _ in range(20):
                reads = await self.ask(client, NO_READS, **{"owner.email": "ada@x.example"})
                if reads.questions[0].answer:
                    return False
                try:
                    await client.append(commit(sold("ada@x.example", root)), reads=reads)
                except Conflict:
                    continue
                return True
            raise AssertionError("never got an answer")

        signed = await asyncio.gather(*(sign_up(str(uuid.UUID(int=n, version=4))) for n in range(12)))
        assert sum(signed) == 1
        assert len((await client.query_aggregates("bicycle", {"owner.email": "ada@x.example"})).value) == 1

    async def test_when_only_the_quiet_fails_the_question_is_asked_again(self, client: EventStoreClient) -> None:
        reads = await self.ask(client, NO_READS, color="red")
        done = await asyncio.gather(
            *(client.append(commit(painted("green", str(uuid.UUID(int=n, version=4)))), reads=reads) for n in range(4))
        )
        assert sorted(event.position for each in done for event in each.events) == [1, 2, 3, 4]

    async def test_a_quiet_that_the_caller_itself_expects_is_not_asked_about(self, client: EventStoreClient) -> None:
        reads = await self.ask(client, NO_READS, color="red")
        await client.append(commit(painted("green")))
        with pytest.raises(Conflict):
            await client.append(commit(painted("blue")), reads=reads, expect=Expectation(quiet={"bicycle": 1}))

    async def test_a_command_does_not_conflict_with_what_it_has_logged_itself(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("red", RED)))
        reads = await self.ask(client, await self.load(client, NO_READS, BLUE), color="red")
        first = await client.append(commit(painted("red", BLUE), painted("green", RED)), reads=reads)
        reads = reads.moved(first.events)
        assert (await client.aggregate("bicycle", BLUE, head=reads.head)).value.number == 1
        await client.append(commit(painted("black", GREEN)), reads=reads)

    async def test_what_others_did_before_a_commands_own_event_is_still_a_conflict(self, client: EventStoreClient) -> None:
        await client.append(commit(painted("green", RED)))
        asked = await self.ask(client, NO_READS, color="red")
        loaded = await self.load(client, NO_READS, RED)
        await client.append(commit(painted("red", RED)))  # somebody else
        own = await client.append(commit(painted("green", RED)))  # a sub-call of the asker
        for reads in (asked, loaded):
            with pytest.raises(Conflict):
                await client.append(commit(painted("black", GREEN)), reads=reads.moved(own.events))

    async def test_what_others_did_after_a_commands_own_event_is_a_conflict(self, client: EventStoreClient) -> None:
        reads = await self.ask(client, await self.load(client, NO_READS, RED), color="red")
        own = await client.append(commit(painted("red", RED)), reads=reads)
        await client.append(commit(painted("green", RED)))
        with pytest.raises(Conflict):
            await client.append(commit(painted("black", GREEN)), reads=reads.moved(own.events))

    async def test_two_readings_that_can_not_both_be_true_are_a_conflict(self, client: EventStoreClient) -> None:
        reads = ReadSet("shop", 1, {("bicycle", RED): 0})
        with pytest.raises(Conflict):
            await client.append(commit(painted("red")), reads=reads, expect=Expectation(roots={("bicycle", RED): 1}))
