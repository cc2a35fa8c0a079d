"""What changes make of a row, and of many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blossm.adapters.memory.views import MemoryViewStore
from blossm.core.errors import BadRequest
from blossm.core.view import Batch, Change, Checkpoint, EventChanges
from blossm.core.view_row import Rules, StoredRow, changed
from blossm.handlers import view
from blossm.model.fields import Field
from blossm.model.network import Place, ViewStoreSpec

SCHEMA = {
    "color": Field(type="string", optional=True),
    "owner": Field(type="string", optional=True),
    "painted": Field(type="integer", default=0),
    "sold": Field(type="boolean", default=False),
    "weight": Field(type="number", optional=True, min=0, max=100),
    "tags": Field(type="list", optional=True, items=Field(type="json"), max_length=4),
}


def spec(**declared: Any) -> ViewStoreSpec:
    return ViewStoreSpec(
        name="bicycles", address="bicycles", at=Place("b", 1, 1), schema=SCHEMA, indexes=(("color",),), **declared
    )


def after(
    *changes: Change | tuple[str, Change], row: StoredRow | None = None, context: str = "", store_context: str = ""
) -> StoredRow | None:
    """The row after these changes, of shop or of the service named with them."""
    rules = Rules.of(spec(context=store_context))
    for change in changes:
        service, made = change if isinstance(change, tuple) else ("shop", change)
        row = changed(row, "a", made, service=service, context=context, rules=rules)
    return row


def body(*changes: Change | tuple[str, Change]) -> dict[str, Any]:
    row = after(*changes)
    assert row is not None
    return row.body


DEFAULTS = {"painted": 0, "sold": False}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (view.put("a", {"color": "red"}), {"color": "red"}),
        (view.set("a", {"color": "red"}), {"color": "red"}),
        (view.add("a", "tags", "x", "y", "x"), {"tags": ["x", "y"]}),
        (view.increment("a", "painted", 3), {"painted": 3}),
        (view.increment("a", "weight", 2.5), {"weight": 2.5}),
    ],
)
def test_a_change_of_a_row_that_is_not_there_makes_it_with_the_defaults(change: Change, expected: dict[str, Any]) -> None:
    assert body(change) == DEFAULTS | expected


@pytest.mark.parametrize("change", [view.unset("a", "color"), view.discard("a", "tags", "x"), view.remove("a")])
def test_taking_away_from_a_row_that_is_not_there_does_nothing(change: Change) -> None:
    assert after(change) is None


def test_put_replaces_the_row_and_set_only_what_it_names() -> None:
    made = view.put("a", {"color": "red", "owner": "ada", "painted": 4})
    assert body(made, view.set("a", {"color": "green"})) == {"color": "green", "owner": "ada", "painted": 4, "sold": False}
    assert body(made, view.put("a", {"color": "green"})) == DEFAULTS | {"color": "green"}


def test_a_field_that_was_unset_is_absent_also_where_it_has_a_default() -> None:
    assert body(view.set("a", {"color": "red"}), view.unset("a", "color", "painted")) == {"sold": False}


def test_fields_come_in_the_order_of_the_schema() -> None:
    made = body(view.increment("a", "painted"), view.set("a", {"weight": 1.0, "color": "red"}), view.add("a", "tags", "x"))
    assert list(made) == ["color", "painted", "sold", "weight", "tags"]


def test_a_list_knows_true_from_one() -> None:
    assert body(view.add("a", "tags", 1, True, 1.0), view.discard("a", "tags", True))["tags"] == [1, 1.0]


@pytest.mark.parametrize(
    "changes",
    [
        [view.increment("a", "color", 1)],
        [view.add("a", "color", "x")],
        [view.add("a", "tags", 1, 2, 3, 4, 5)],
        [view.increment("a", "weight", -1.0)],
        [view.increment("a", "weight", 101.0)],
        [view.increment("a", "painted", 2**62), view.increment("a", "painted", 2**62)],
    ],
)
def test_what_would_not_fit_the_schema_is_refused(changes: Sequence[Change]) -> None:
    with pytest.raises(BadRequest):
        after(*changes)


# ---------------------------------------------------------------- several services


def test_services_write_their_own_fields_in_any_order() -> None:
    shop, staff = ("shop", view.set("a", {"color": "red"})), ("staff", view.put("a", {"owner": "ada"}))
    assert body(shop, staff) == body(staff, shop) == DEFAULTS | {"color": "red", "owner": "ada"}


def test_a_put_replaces_only_what_its_own_service_wrote() -> None:
    changes = [
        ("shop", view.put("a", {"color": "red", "painted": 3})),
        ("staff", view.put("a", {"owner": "ada", "sold": True})),
        ("shop", view.put("a", {"weight": 2.0})),
    ]
    assert body(*changes) == {"painted": 0, "weight": 2.0, "owner": "ada", "sold": True}


def test_a_row_goes_when_the_last_service_takes_its_part_away() -> None:
    both = [("shop", view.set("a", {"color": "red"})), ("staff", view.set("a", {"owner": "ada"}))]
    left = after(*both, ("shop", view.remove("a")))
    assert left is not None
    assert left.body == DEFAULTS | {"owner": "ada"}
    assert after(*both, ("shop", view.remove("a")), ("staff", view.remove("a"))) is None


@pytest.mark.parametrize("change", [view.set("a", {"color": "x"}), view.unset("a", "color"), view.put("a", {"color": "x"})])
def test_a_field_belongs_to_the_service_that_wrote_it_first(change: Change) -> None:
    both = [("shop", view.set("a", {"color": "red"})), ("staff", view.set("a", {"owner": "ada"}))]
    with pytest.raises(BadRequest) as refused:
        after(*both, ("staff", change))
    assert refused.value.fields[0].path == "color"
    assert "shop" in refused.value.fields[0].problem


def test_a_default_is_nobodys_until_somebody_writes_it() -> None:
    assert body(("shop", view.set("a", {"color": "red"})), ("staff", view.increment("a", "painted")))["painted"] == 1


# ---------------------------------------------------------------- contexts


@pytest.mark.parametrize(("says", "expected"), [("", "north"), ("south", "south")])
def test_a_new_row_is_of_the_events_context_or_of_the_one_it_says(says: str, expected: str) -> None:
    row = after(view.put("a", {}, context=says), context="north", store_context="garage")
    assert row is not None
    assert row.context == expected


def test_the_rows_context_is_fixed_when_it_is_made() -> None:
    rules = Rules.of(spec(context="garage"))
    row = changed(None, "a", view.put("a", {}), service="shop", context="north", rules=rules)
    row = changed(row, "a", view.put("a", {}, context="south"), service="shop", context="south", rules=rules)
    assert row is not None
    assert row.context == "north"


def test_two_services_may_not_say_two_contexts() -> None:
    rules = Rules.of(spec(context="garage"))
    row = changed(None, "a", view.set("a", {"color": "red"}), service="shop", context="north", rules=rules)
    with pytest.raises(BadRequest, match="north"):
        changed(row, "a", view.set("a", {"owner": "ada"}), service="staff", context="south", rules=rules)
    row = changed(row, "a", view.set("a", {"owner": "ada"}), service="staff", context="", rules=rules)
    assert row is not None
    assert row.context == "north"


def test_the_one_row_of_a_context_is_called_like_it() -> None:
    rules = Rules.of(spec(context="garage", one=True))
    row = changed(None, "north", view.put("north", {}), service="shop", context="", rules=rules)
    assert row is not None
    assert row.context == "north"
    with pytest.raises(BadRequest):
        changed(None, "north", view.put("north", {}, context="south"), service="shop", context="", rules=rules)


def test_a_view_without_a_context_takes_none() -> None:
    with pytest.raises(BadRequest, match="no context"):
        after(view.put("a", {}, context="north"))


# ---------------------------------------------------------------- properties

IDS = st.sampled_from("abc")
COLORS = st.sampled_from(["red", "blue"])
CHANGES = st.one_of(
    st.builds(view.put, IDS, st.fixed_dictionaries({}, optional={"color": COLORS, "painted": st.integers(0, 3)})),
    st.builds(view.set, IDS, st.fixed_dictionaries({}, optional={"color": COLORS, "sold": st.booleans()})),
    st.builds(view.unset, IDS, st.sampled_from(["color", "painted", "tags"])),
    st.builds(view.add, IDS, st.just("tags"), st.sampled_from(["x", "y"])),
    st.builds(view.discard, IDS, st.just("tags"), st.sampled_from(["x", "y"])),
    st.builds(view.increment, IDS, st.just("painted"), st.integers(-2, 2)),
    st.builds(view.remove, IDS),
    st.builds(lambda color, new: view.where({"color": color}).set({"color": new}), COLORS, COLORS),
    st.builds(lambda color: view.where({"color": color}).increment("painted"), COLORS),
    st.builds(lambda color: view.where({"color": color}).remove(), COLORS),
)
EVENTS = st.lists(st.lists(CHANGES, max_size=3), max_size=12)


async def rows_of(events: Sequence[Sequence[Change]], cuts: Sequence[int]) -> dict[str, StoredRow]:
    """The rows after these events, in batches that end where `cuts` say."""
    store = MemoryViewStore(spec())
    before = Checkpoint()
    for start, end in zip([0, *cuts], [*cuts, len(events)], strict=True):
        made = tuple(
            EventChanges(service="shop", position=position + 1, changes=tuple(events[position]))
            for position in range(start, end)
        )
        last = Checkpoint(end, str(end)) if end else Checkpoint()
        assert await store.apply(1, Batch(service="shop", before=before, after=last, events=made))
        before = last
    return store._kept[1].rows


@given(EVENTS, st.data())
async def test_batches_of_any_split_give_the_same_rows(events: list[list[Change]], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(events)), max_size=4)))
    assert await rows_of(events, cuts) == await rows_of(events, range(1, len(events)))


SHOPS = st.one_of(
    st.builds(view.put, IDS, st.fixed_dictionaries({}, optional={"color": COLORS, "painted": st.integers(0, 3)})),
    st.builds(view.increment, IDS, st.just("painted")),
    st.builds(view.unset, IDS, st.just("color")),
    st.builds(view.remove, IDS),
)
STAFFS = st.one_of(
    st.builds(view.put, IDS, st.fixed_dictionaries({}, optional={"owner": COLORS, "sold": st.booleans()})),
    st.builds(view.add, IDS, st.just("tags"), st.sampled_from(["x", "y"])),
    st.builds(view.unset, IDS, st.just("owner")),
    st.builds(view.remove, IDS),
)


@given(st.lists(SHOPS, max_size=8), st.lists(STAFFS, max_size=8), st.randoms(use_true_random=False))
def test_two_services_give_the_same_rows_in_whatever_order_their_logs_are_read(
    shop: list[Change], staff: list[Change], chance: Any
) -> None:
    one = [("shop", change) for change in shop]
    two = [("staff", change) for change in staff]
    mixed = []
    left, right = list(one), list(two)
    while left or right:
        mixed.append((left if not right or (left and chance.random() < 0.5) else right).pop(0))
    assert folded(one + two) == folded(two + one) == folded(mixed)


def folded(changes: list[tuple[str, Change]]) -> dict[str, tuple[dict[str, Any], frozenset[str]]]:
    rules = Rules.of(spec())
    rows: dict[str, StoredRow | None] = {}
    for service, change in changes:
        rows[change.id] = changed(rows.get(change.id), change.id, change, service=service, context="", rules=rules)
    return {id: (row.body, frozenset(row.parts)) for id, row in rows.items() if row}
