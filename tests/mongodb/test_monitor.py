from __future__ import annotations

from tests.mongodb.fixtures import Databases
from tests.mongodb.monitor import may

from blossm.model.indexes import Collection, IndexPlan, log_plan
from blossm_infra.stores import roles

PLAN = IndexPlan((*log_plan(()).collections, Collection("states.bicycle")))


async def test_the_monitor_hears_what_no_serving_user_may_send(emulated: Databases) -> None:
    database = await emulated.having(PLAN)
    log = database.collection("log")
    await log.insert_one({"_id": 1, "key": "1"})
    await log.find_one({})
    await database.collection("states.bicycle").update_one({"_id": 1}, {"$set": {"number": 1}}, upsert=True)
    assert emulated.monitor.forbidden == []

    await log.update_one({"_id": 1}, {"$set": {"key": "2"}})
    await log.delete_one({"_id": 1})
    await log.find_one_and_update({"_id": 1}, {"$set": {"key": "2"}})
    await database.collection("elsewhere").find_one({})
    await database.collection("elsewhere").create_index("name")
    await log.aggregate([{"$match": {}}, {"$out": "states.bicycle"}])
    told = emulated.monitor.forbidden
    emulated.monitor.forbidden = []
    assert [problem.replace(database.name, "shop") for problem in told] == [
        "update on shop.log: the user lacks UPDATE",
        "delete on shop.log: the user lacks REMOVE",
        "findAndModify on shop.log: the user lacks UPDATE",
        "find on shop.elsewhere: the plan has no such collection",
        "createIndexes on shop.elsewhere: no serving user sends this",
        "aggregate on shop.log: the user lacks REMOVE",
        "aggregate on shop.log: the user lacks into another collection",
    ]


async def test_the_monitor_hears_what_some_servers_do_not_know(emulated: Databases) -> None:
    database = await emulated.having(PLAN)
    await database.collection("states.bicycle").update_one({"_id": 1}, [{"$set": {"number": 1}}])
    await database.collection("log").aggregate(
        [{"$lookup": {"from": "log", "localField": "key", "foreignField": "key", "as": "k"}}]
    )
    told = emulated.monitor.forbidden
    emulated.monitor.forbidden = []
    assert [problem.partition(": ")[2] for problem in told] == [
        "not every server has updates by a pipeline",
        "not every server has $lookup",
    ]


def test_what_the_monitor_lets_pass_is_what_the_deployed_user_may() -> None:
    given: dict[str, set[str]] = {}
    for privilege in roles.serving_a_log(PLAN):
        for collection in privilege.collections:
            given.setdefault(collection, set()).add(privilege.action)
    assert may(PLAN) == given

    view = IndexPlan((Collection("rows"), Collection("checkpoints")))
    of_a_view = {privilege.action for privilege in roles.serving_a_view()}
    assert may(view) == {"rows": of_a_view, "checkpoints": of_a_view}
