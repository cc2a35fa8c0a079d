from __future__ import annotations

import pytest
from tests.gateways.city import GARAGE, OTHER_GARAGE, City, paths

from blossm.core.errors import BadRequest, DeadlineExceeded
from blossm.core.position import encode_position
from blossm.core.view import Comparison, Query


async def test_a_view_shows_its_rows(city: City) -> None:
    city.behind.views.put("b1", color="red")
    answer = await city.views.get("/bicycles")
    assert answer.json() == {"content": [{"id": "b1", "body": {"color": "red"}}], "next": None}
    assert city.behind.views.asked == [Query()]


async def test_a_views_query_is_read_by_its_fields(city: City) -> None:
    position = encode_position({"shop": 7})
    await city.views.get(
        f"/bicycles?color[in]=red&color[in]=blue&painted[gte]=2&painted[lt]=9&sort=-painted,color&limit=7&cursor=abc"
        f"&count=true&text=fast+red&min_position={position}"
    )
    [asked] = city.behind.views.asked
    assert asked == Query(
        where=(Comparison("color", "in", ("red", "blue")), Comparison("painted", "gte", 2), Comparison("painted", "lt", 9)),
        sort=(("painted", "desc"), ("color", "asc")),
        text="fast red",
        limit=7,
        cursor="abc",
        count=True,
        min_position={"shop": 7},
    )


@pytest.mark.parametrize(
    ("query", "comparison"),
    [
        ("color=red", Comparison("color", "eq", "red")),
        ("color=", Comparison("color", "eq", "")),
        ("color[prefix]=gr", Comparison("color", "prefix", "gr")),
        ("painted=-3", Comparison("painted", "eq", -3)),
        ("at[gt]=2025-01-01T01:00:00%2B01:00", Comparison("at", "gt", "2025-01-01T00:00:00.000000Z")),
        ("color=$gt", Comparison("color", "eq", "$gt")),
    ],
)
async def test_a_value_is_of_its_fields_type_and_never_an_operator(city: City, query: str, comparison: Comparison) -> None:
    await city.views.get(f"/bicycles?{query}")
    assert city.behind.views.asked[0].where == (comparison,)


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("painted=many", "painted"),
        ("painted[gte]=1.5", "painted[gte]"),
        ("at=yesterday", "at"),
        ("colour=red", "colour"),
        ("color[$gt]=a", "color[$gt]"),
        ("color[ne]=a", "color[ne]"),
        ("color=a&color=b", "color"),
        ("color[lt]=a&color[lt]=b", "color[lt]"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("limit=%C2%B2", "limit"),
        ("limit=1&limit=2", "limit"),
        ("count=yes", "count"),
        ("min_position=nonsense", "min_position"),
        ("min_position=", "min_position"),
    ],
)
async def test_a_query_that_does_not_fit_is_refused(city: City, query: str, path: str) -> None:
    answer = await city.views.get(f"/bicycles?{query}")
    assert (answer.status_code, paths(answer)) == (400, [path])
    assert not city.behind.views.asked


async def test_everything_that_is_off_is_named(city: City) -> None:
    answer = await city.views.get("/bicycles?painted=x&colour=red&limit=0")
    assert paths(answer) == ["painted", "colour", "limit"]


async def test_a_count_comes_when_it_is_asked_for(city: City) -> None:
    city.behind.views.put("b1", color="red")
    assert (await city.views.get("/bicycles?count=true")).json()["count"] == 1
    assert "count" not in (await city.views.get("/bicycles?count=false")).json()


async def test_what_no_index_answers_is_refused(city: City) -> None:
    city.behind.views.error = BadRequest("no index answers this", help="add [color] to `indexes`")
    answer = await city.views.get("/bicycles?color=red")
    assert (answer.status_code, answer.json()["help"]) == (400, "add [color] to `indexes`")


async def test_a_view_that_is_behind_is_a_504(city: City) -> None:
    city.behind.views.error = DeadlineExceeded()
    assert (await city.views.get(f"/bicycles?min_position={encode_position({'shop': 9})}")).status_code == 504


async def test_one_row_is_shown_by_its_id(city: City) -> None:
    city.behind.views.put("a/b", color="red")
    answer = await city.views.get(f"/bicycles/a/b?min_position={encode_position({'shop': 7})}")
    assert answer.json() == {"id": "a/b", "body": {"color": "red"}}
    assert city.behind.views.got == [("a/b", None, {"shop": 7})]
    assert (await city.views.get("/bicycles/other")).status_code == 404


@pytest.mark.parametrize("query", ["color=red", "limit=1", "min_position=x", "min_position="])
async def test_one_row_takes_no_query(city: City, query: str) -> None:
    answer = await city.views.get(f"/bicycles/b1?{query}")
    assert (answer.status_code, paths(answer)) == (400, [query.partition("=")[0]])


# ---------------------------------------------------------------- contexts


async def test_a_view_of_a_context_is_filtered_to_the_tokens(city: City) -> None:
    city.behind.views.put("mine", context=GARAGE, color="red")
    city.behind.views.put("theirs", context=OTHER_GARAGE, color="blue")
    headers = city.signed(context={"garage": GARAGE})
    answer = await city.views.get("/mine", headers=headers)
    assert [row["id"] for row in answer.json()["content"]] == ["mine"]
    assert city.behind.views.asked[0].context == GARAGE
    assert (await city.views.get("/mine/mine", headers=headers)).status_code == 200
    assert (await city.views.get("/mine/theirs", headers=headers)).status_code == 404


@pytest.mark.parametrize("query", ["context=x", f"garage={OTHER_GARAGE}", f"context[in]={OTHER_GARAGE}"])
async def test_a_context_never_comes_from_the_query(city: City, query: str) -> None:
    assert (await city.views.get(f"/mine?{query}", headers=city.signed(context={"garage": GARAGE}))).status_code == 400


async def test_a_token_without_the_context_sees_nothing(city: City) -> None:
    for path in ("/mine", "/mine/b1", "/garage"):
        answer = await city.views.get(path, headers=city.signed(context={"shop": GARAGE}))
        assert (answer.status_code, answer.json()["facts"]) == (403, {"contexts": ["garage"]})


@pytest.mark.parametrize(("path", "status"), [("/leaky", 403), ("/leaky/b1", 403), ("/tolerant", 401), ("/tolerant/b1", 401)])
async def test_a_view_of_a_context_never_leaks_to_who_has_none(city: City, path: str, status: int) -> None:
    city.behind.views.put("b1", context=GARAGE)
    assert (await city.views.get(path)).status_code == status
    assert not city.behind.views.asked
    assert not city.behind.views.got


async def test_a_view_of_one_row_shows_the_contexts(city: City) -> None:
    city.behind.views.put(GARAGE, context=GARAGE, color="red")
    answer = await city.views.get("/garage", headers=city.signed(context={"garage": GARAGE}))
    assert answer.json() == {"id": GARAGE, "body": {"color": "red"}}
    assert city.behind.views.got == [(GARAGE, GARAGE, {})]
    assert (await city.views.get("/garage", headers=city.signed(context={"garage": OTHER_GARAGE}))).status_code == 404


async def test_head_is_a_get_without_its_body(city: City) -> None:
    answer = await city.views.head("/bicycles")
    assert (answer.status_code, answer.content) == (200, b"")
