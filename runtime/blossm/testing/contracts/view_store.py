"""What every view store promises, as a suite: subclass `ViewStoreContract` and say in `opened` how one is made."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from typing import Any, Literal

import pytest

from blossm.core.errors import BadRequest
from blossm.core.view import Batch, Change, Checkpoint, Comparison, EventChanges, Page, Query
from blossm.model.fields import Field
from blossm.model.network import Place, ViewStoreSpec
from blossm.ports import ViewStore

Open = Callable[[ViewStoreSpec], ViewStore]

_TEXT = Field(type="string")
_PLACE = Place("views/blossm.yaml", 1, 1)
ODD = ["", " ", "a'b", 'a"b', "a\\b", "a\x00b", "%", "_", "*", "$.a", "ä", "💥", "\ud7ff", "\ue000", "\U0010ffff", "x" * 5_000]


def bicycles(**changed: Any) -> ViewStoreSpec:
    """The view that the suite is told with."""
    declared: dict[str, Any] = {
        "name": "bicycles",
        "address": "bicycles",
        "at": _PLACE,
        "schema": {
            "color": _TEXT,
            "painted": Field(type="integer", default=0),
            "sold": Field(type="boolean", optional=True),
            "weight": Field(type="number", optional=True),
            "owner": Field(type="object", optional=True, properties={"name": _TEXT}),
            "tags": Field(type="list", optional=True, items=_TEXT),
        },
        "indexes": (("color",), ("sold", "painted"), ("weight",), ("owner.name",), ("color", "painted")),
        "sorts": ((("painted", "desc"),), (("weight", "asc"), ("color", "desc"))),
        "text": ("color", "tags"),
    }
    return ViewStoreSpec(**declared | changed)


def put(id: str, *, context: str = "", **body: Any) -> Change:
    return Change(op="put", id=id, fields=body, context=context)


def batch(*changes: Change, before: int = 0, service: str = "shop", definition: str = "one") -> Batch:
    """One event with these changes, behind the position `before`."""
    after = before + 1
    return Batch(
        service=service,
        before=Checkpoint(before, f"commit {before}" if before else ""),
        after=Checkpoint(after, f"commit {after}"),
        events=(EventChanges(service=service, position=after, changes=changes),),
        definition=definition,
    )


def ids(page: Page) -> list[str]:
    return [row.id for row in page.content]


def where(field: str, value: Any, op: Literal["eq", "gt", "gte", "lt", "lte", "in", "prefix"] = "eq") -> Query:
    return Query(where=(Comparison(field, op, value),))


class ViewStoreContract:
    """The suite. `opened` opens an empty store for a spec; the suite closes it. `some` may be lower where it is slow."""

    some = 60  # rows that are cut in pages

    @pytest.fixture
    def opened(self) -> Open:
        raise NotImplementedError

    @pytest.fixture
    async def store(self, opened: Open) -> AsyncIterator[ViewStore]:
        store = opened(bicycles())
        yield store
        await store.close()

    @pytest.fixture
    async def garages(self, opened: Open) -> AsyncIterator[ViewStore]:
        """A store whose rows belong to garages."""
        store = opened(bicycles(context="garage", address="garage.bicycles"))
        yield store
        await store.close()

    # ------------------------------------------------------------ a batch

    async def test_a_new_store_has_one_generation_and_has_seen_nothing(self, store: ViewStore) -> None:
        generations = await store.generations()
        assert (generations.building, generations.previous) == (None, None)
        assert await store.checkpoints(generations.current) == {}
        assert await store.definition(generations.current) == ""

    async def test_a_batch_makes_its_changes_and_moves_the_checkpoint(self, store: ViewStore) -> None:
        assert await store.apply(1, batch(put("a", color="red"), Change(op="increment", id="a", fields={"painted": 2})))
        row = await store.get(1, "a")
        assert row is not None
        assert row.body == {"painted": 2, "color": "red"}
        assert await store.checkpoints(1) == {"shop": Checkpoint(1, "commit 1")}

    async def test_a_batch_that_comes_twice_changes_nothing(self, store: ViewStore) -> None:
        again = batch(Change(op="increment", id="a", fields={"painted": 1}))
        assert await store.apply(1, again)
        assert not await store.apply(1, again)
        row = await store.get(1, "a")
        assert row is not None
        assert row.body["painted"] == 1

    async def test_a_slow_twin_changes_nothing(self, store: ViewStore) -> None:
        assert await store.apply(1, batch(put("a", color="red")))
        assert await store.apply(1, batch(put("a", color="green"), before=1))
        assert not await store.apply(1, batch(put("a", color="blue"), before=1))
        assert ids(await store.query(1, where("color", "green"))) == ["a"]

    async def test_a_change_that_does_not_fit_leaves_nothing_of_its_batch(self, store: ViewStore) -> None:
        with pytest.raises(BadRequest) as refused:
            await store.apply(1, batch(put("a", color="red"), Change(op="increment", id="a", fields={"color": 1})))
        assert (refused.value.facts["service"], refused.value.facts["position"]) == ("shop", 1)
        assert await store.get(1, "a") is None
        assert await store.checkpoints(1) == {}

    async def test_each_service_has_its_checkpoint_and_its_fields(self, store: ViewStore) -> None:
        await store.apply(1, batch(Change(op="set", id="a", fields={"color": "red"})))
        await store.apply(1, batch(Change(op="set", id="a", fields={"weight": 9.5}), service="staff"))
        assert set(await store.checkpoints(1)) == {"shop", "staff"}
        with pytest.raises(BadRequest, match="no common order"):
            await store.apply(1, batch(Change(op="set", id="a", fields={"color": "blue"}), before=1, service="staff"))

    async def test_where_changes_every_row_that_has_the_value_by_then(self, store: ViewStore) -> None:
        rename = Change(op="set", where={"color": "red"}, fields={"weight": 1.0})
        await store.apply(1, batch(put("a", color="red"), put("b", color="blue"), put("c", color="red")))
        await store.apply(1, batch(put("b", color="red"), Change(op="remove", id="c"), rename, put("d", color="red"), before=1))
        assert ids(await store.query(1, where("weight", 1.0))) == ["a", "b"]

    async def test_the_definition_that_made_the_first_batch_stays(self, store: ViewStore) -> None:
        await store.apply(1, batch(definition=""))
        await store.apply(1, batch(before=1, definition="one"))
        await store.apply(1, batch(before=2, definition="two"))
        assert await store.definition(1) == "one"

    # ------------------------------------------------------------ generations

    async def test_a_new_generation_is_made_beside_the_served_one(self, store: ViewStore) -> None:
        await store.apply(1, batch(put("a", color="red")))
        building = await store.begin()
        assert await store.begin() == building
        await store.apply(building, batch(put("b", color="red")))
        assert ids(await store.query(1, where("color", "red"))) == ["a"]
        assert ids(await store.query(building, where("color", "red"))) == ["b"]

    async def test_a_switch_serves_the_new_one_and_keeps_the_former(self, store: ViewStore) -> None:
        building = await store.begin()
        assert not await store.switch(current=99, to=building)
        assert await store.switch(current=1, to=building)
        generations = await store.generations()
        assert (generations.current, generations.building, generations.previous) == (building, None, 1)
        assert await store.switch(current=building, to=1)
        assert (await store.generations()).previous == building

    async def test_a_generation_that_was_abandoned_takes_nothing_and_is_never_named_again(self, store: ViewStore) -> None:
        building = await store.begin()
        await store.apply(building, batch(put("a", color="red")))
        await store.abandon(building)
        assert not await store.apply(building, batch(put("b", color="red"), before=1))
        assert await store.get(building, "a") is None
        assert await store.begin() > building

    async def test_only_one_former_generation_is_kept(self, store: ViewStore) -> None:
        await store.apply(1, batch(put("a", color="red")))
        await store.switch(current=1, to=await store.begin())
        second = (await store.generations()).current
        await store.switch(current=second, to=await store.begin())
        assert (await store.generations()).previous == second
        assert await store.get(1, "a") is None

    async def test_the_served_generation_can_not_be_abandoned(self, store: ViewStore) -> None:
        await store.abandon(1)
        assert (await store.generations()).current == 1

    # ------------------------------------------------------------ contexts

    async def test_a_row_is_of_the_context_it_was_made_in(self, garages: ViewStore) -> None:
        await garages.apply(1, batch(put("a", color="red", context="north"), put("b", color="red", context="south")))
        await garages.apply(1, batch(put("a", color="green", context="south"), before=1))
        assert await garages.get(1, "a", context="south") is None
        row = await garages.get(1, "a", context="north")
        assert row is not None
        assert (row.context, row.body["color"]) == ("north", "green")

    async def test_a_query_of_a_context_finds_nothing_of_others(self, garages: ViewStore) -> None:
        owners = {"a": "north", "b": "south", "c": ""}
        await garages.apply(1, batch(*(put(id, color="red", context=owner) for id, owner in owners.items())))
        for asked in (where("color", "red"), Query(), Query(sort=(("painted", "desc"),)), Query(text="red")):
            for context, found in (("north", ["a"]), ("south", ["b"]), ("", []), ("elsewhere", [])):
                page = await garages.query(1, _of(asked, context=context, count=True))
                assert (ids(page), page.count) == (found, len(found))
            assert sorted(ids(await garages.query(1, asked))) == ["a", "b", "c"]

    # ------------------------------------------------------------ queries

    @pytest.mark.parametrize("text", ODD)
    async def test_text_with_odd_characters_is_data(self, store: ViewStore, text: str) -> None:
        await store.apply(1, batch(put(text or "empty", color=text), put("other", color="red")))
        row = await store.get(1, text or "empty")
        assert row is not None
        assert row.body["color"] == text
        assert ids(await store.query(1, where("color", text))) == [text or "empty"]
        assert ids(await store.query(1, where("color", (text, "no"), "in"))) == [text or "empty"]
        assert (await store.query(1, where("color", text, "gte"))).content[0].body["color"] == text
        if text:
            assert text in [row.body["color"] for row in (await store.query(1, where("color", text, "prefix"))).content]

    async def test_texts_are_ordered_by_code_points(self, store: ViewStore) -> None:
        await store.apply(1, batch(*(put(f"row {number}", color=text) for number, text in enumerate(ODD))))
        found = await store.query(1, where("color", "", "gte"))
        assert [row.body["color"] for row in found.content] == sorted(ODD)

    async def test_a_prefix_ends_where_it_no_longer_begins_a_text(self, store: ViewStore) -> None:
        colors = ["gr", "gray", "green", "gs", "g\U0010ffff", "gr\U0010ffff", "g"]
        await store.apply(1, batch(*(put(color, color=color) for color in colors)))
        assert ids(await store.query(1, where("color", "gr", "prefix"))) == sorted(["gr", "gray", "green", "gr\U0010ffff"])
        assert ids(await store.query(1, where("color", "g\U0010ffff", "prefix"))) == ["g\U0010ffff"]

    @pytest.mark.parametrize("value", [0.1, 1e22, -0.0, 5e-324, 1.7976931348623157e308, 123456789.12345679])
    async def test_a_number_is_found_by_its_value(self, store: ViewStore, value: float) -> None:
        await store.apply(1, batch(put("a", color="red", weight=value), put("b", color="red", weight=2.5)))
        assert ids(await store.query(1, where("weight", value))) == ["a"]

    @pytest.mark.parametrize("value", [2**63 - 1, -(2**63), 2**53 + 1, 0])
    async def test_an_integer_is_exact(self, store: ViewStore, value: int) -> None:
        await store.apply(1, batch(*(put(id, color="r", sold=True, painted=of) for id, of in (("a", value), ("b", value ^ 1)))))
        query = Query(where=(Comparison("sold", "eq", True), Comparison("painted", "eq", value)))
        assert ids(await store.query(1, query)) == ["a"]

    async def test_a_boolean_is_neither_absent_nor_the_other(self, store: ViewStore) -> None:
        await store.apply(1, batch(put("a", color="r", sold=True), put("b", color="r", sold=False), put("c", color="r")))
        assert ids(await store.query(1, where("sold", True))) == ["a"]
        assert ids(await store.query(1, where("sold", False))) == ["b"]
        assert ids(await store.query(1, where("sold", (True, False), "in"))) == ["a", "b"]

    async def test_a_field_inside_an_object_is_found(self, store: ViewStore) -> None:
        await store.apply(1, batch(put("a", color="red", owner={"name": "ada"}), put("b", color="red")))
        assert ids(await store.query(1, where("owner.name", "ada"))) == ["a"]

    async def test_an_absent_value_meets_no_condition_and_comes_first(self, store: ViewStore) -> None:
        await store.apply(1, batch(put("a", color="red"), put("b", color="red", weight=1.0), put("c", color="blue")))
        assert ids(await store.query(1, where("weight", 5.0, "lt"))) == ["b"]
        assert ids(await store.query(1, Query(sort=(("weight", "asc"), ("color", "desc"))))) == ["a", "c", "b"]
        assert ids(await store.query(1, Query(sort=(("weight", "desc"), ("color", "asc"))))) == ["b", "c", "a"]

    async def test_text_finds_all_words_and_the_last_by_its_beginning(self, store: ViewStore) -> None:
        await store.apply(1, batch(put("a", color="Sky-Blue", tags=["Fixie", "Überbike"])))
        await store.apply(1, batch(put("b", color="blue"), put("c", color="Blues"), before=1))
        assert ids(await store.query(1, Query(text="BLUE"))) == ["a", "b", "c"]
        assert ids(await store.query(1, Query(text="blue sky"))) == ["a"]
        assert ids(await store.query(1, Query(text="fixie uber"))) == ["a"]
        assert ids(await store.query(1, Query(text="fix sky"))) == []
        assert ids(await store.query(1, Query(text="?!"))) == []
        assert ids(await store.query(1, _of(where("color", "blue"), text="blu"))) == ["b"]

    async def test_text_follows_its_row(self, store: ViewStore) -> None:
        await store.apply(1, batch(put("a", color="red"), put("b", color="red")))
        await store.apply(1, batch(put("a", color="green"), Change(op="remove", id="b"), before=1))
        assert ids(await store.query(1, Query(text="red"))) == []
        assert (await store.query(1, Query(text="gre", count=True))).count == 1

    async def test_what_no_index_answers_is_refused_with_the_index_to_add(self, store: ViewStore) -> None:
        query = Query(where=(Comparison("painted", "eq", 1), Comparison("weight", "gt", 1.0)))
        with pytest.raises(BadRequest) as refused:
            await store.query(1, query)
        assert "[painted, weight]" in refused.value.help

    async def test_a_cursor_of_another_query_is_refused(self, store: ViewStore) -> None:
        await store.apply(1, batch(*(put(str(number), color="red") for number in range(3))))
        cursor = (await store.query(1, _of(where("color", "red"), limit=1))).next
        for query in (where("color", "blue"), Query(), Query(sort=(("painted", "desc"),))):
            with pytest.raises(BadRequest, match="cursor"):
                await store.query(1, _of(query, cursor=cursor))
        for broken in ("x", "!", cursor[:-3], "W10"):
            with pytest.raises(BadRequest, match="cursor"):
                await store.query(1, _of(where("color", "red"), cursor=broken))

    async def test_a_page_goes_on_where_the_last_one_ended_whatever_has_come_before_it(self, store: ViewStore) -> None:
        await store.apply(1, batch(*(put(id, color="red") for id in "bdf")))
        first = await store.query(1, Query(limit=2))
        await store.apply(1, batch(put("a", color="red"), Change(op="remove", id="d"), put("e", color="red"), before=1))
        assert ids(await store.query(1, Query(limit=2, cursor=first.next))) == ["e", "f"]

    @pytest.mark.parametrize("seed", range(6))
    async def test_pages_are_the_sorted_rows_cut_in_pieces(self, store: ViewStore, seed: int) -> None:
        rows = _some_rows(random.Random(seed), self.some)
        await store.apply(1, batch(*(put(id, **body) for id, body in rows.items())))
        for query in _QUERIES:
            pages = [await store.query(1, _of(query, limit=7, count=True))]
            while pages[-1].next:
                pages.append(await store.query(1, _of(query, limit=7, cursor=pages[-1].next)))
            expected = _answer(rows, query)
            assert [id for page in pages for id in ids(page)] == expected
            assert pages[0].count == len(expected)
            assert all(len(page.content) == 7 for page in pages[:-1])


_QUERIES = (
    Query(),
    where("color", "red"),
    where("color", ("red", "blue"), "in"),
    where("color", "gr", "prefix"),
    where("weight", 0.5, "gt"),
    Query(where=(Comparison("weight", "gte", 0.25), Comparison("weight", "lt", 0.75))),
    Query(where=(Comparison("sold", "eq", True), Comparison("painted", "gte", 1))),
    Query(sort=(("painted", "desc"),)),
    Query(sort=(("painted", "asc"),)),
    Query(sort=(("weight", "asc"), ("color", "desc"))),
    Query(sort=(("weight", "desc"), ("color", "asc"))),
    Query(where=(Comparison("color", "eq", "red"),), sort=(("painted", "desc"),)),
    Query(where=(Comparison("sold", "eq", False),), sort=(("painted", "asc"),)),
    Query(where=(Comparison("weight", "gt", 0.1),), sort=(("painted", "desc"),)),
)


def _some_rows(chance: random.Random, count: int) -> dict[str, dict[str, Any]]:
    """Few values, so that there are many ties."""
    return {
        f"{chance.random():.6f}": {"color": chance.choice(["red", "blue", "green", "gray"]), "painted": chance.randrange(3)}
        | ({"sold": chance.random() < 0.5} if chance.random() < 0.7 else {})
        | ({"weight": chance.randrange(5) / 4} if chance.random() < 0.6 else {})
        for _ in range(count)
    }


def _answer(rows: dict[str, dict[str, Any]], query: Query) -> list[str]:
    """The ids that answer, by the plainest means."""
    ranged = [(comparison.field, "asc") for comparison in query.where if comparison.op not in ("eq", "in")][:1]
    order = query.sort or ranged
    found = [id for id, body in rows.items() if all(_meets(body.get(one.field), one) for one in query.where)]
    found.sort(reverse=bool(order) and order[-1][1] == "desc")
    for name, direction in reversed(order):
        found.sort(key=lambda id, name=name: _sortable(rows[id].get(name)), reverse=direction == "desc")  # type: ignore[misc]
    return found


def _sortable(value: Any) -> tuple[Any, ...]:
    return () if value is None else (value,)


def _meets(value: Any, one: Comparison) -> bool:
    asked = one.value
    match one.op:
        case _ if value is None:
            return False
        case "eq":
            return bool(value == asked)
        case "in":
            return value in asked
        case "prefix":
            return bool(value.startswith(asked))
        case "gt":
            return bool(value > asked)
        case "gte":
            return bool(value >= asked)
        case "lt":
            return bool(value < asked)
        case "lte":
            return bool(value <= asked)


def _of(query: Query, **changed: Any) -> Query:
    fields = {name: getattr(query, name) for name in query.__struct_fields__}
    return Query(**fields | changed)
