"""The preview is stricter than the SDK's mocks: what would fail in the cloud fails here."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_gcp.organizations as organizations
import pulumi_gcp.pubsub as pubsub
import pytest
from tests.infra.networks import bicycle_city

from blossm_infra.preview import UNKNOWN, Plan, PreviewError, Secret, plain, preview, preview_program

TOPIC = "gcp:pubsub/topic:Topic"
SUBSCRIPTION = "gcp:pubsub/subscription:Subscription"


def _subscribed(**inputs: Any) -> Callable[[], object]:
    return lambda: pubsub.Subscription("bell", **{"topic": "rings", **inputs})


def _refused(program: Callable[[], object]) -> str:
    with pytest.raises(PreviewError) as refused:
        preview_program(program)
    return str(refused.value)


def test_an_input_that_does_not_exist_is_named_with_its_resource() -> None:
    told = _refused(_subscribed(push_config={"push_endpoint": "https://x", "push_endpiont": "https://y"}))
    assert told == f"{SUBSCRIPTION} (bell): pushConfig.push_endpiont: SubscriptionPushConfigArgs has no such property"


def test_an_input_that_is_missing_is_named() -> None:
    told = _refused(_subscribed(push_config={"attributes": {}}))
    assert told == f"{SUBSCRIPTION} (bell): pushConfig.pushEndpoint: SubscriptionPushConfigArgs needs it"


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({"ack_deadline_seconds": "ten"}, "ackDeadlineSeconds: a int is expected, not 'ten'"),
        ({"ack_deadline_seconds": True}, "ackDeadlineSeconds: a int is expected, not True"),
        ({"retain_acked_messages": "yes"}, "retainAckedMessages: a bool is expected, not 'yes'"),
        ({"filter": 3}, "filter: a str is expected, not 3"),
        ({"labels": {"a": 1}}, "labels.a: a str is expected, not 1"),
        ({"push_config": "https://x"}, "pushConfig: an object is expected, not 'https://x'"),
        ({"message_transforms": {"a": 1}}, "messageTransforms: a list is expected, not {'a': 1}"),
        ({"message_transforms": [{"disabled": "no"}]}, "messageTransforms[0].disabled: a bool is expected, not 'no'"),
    ],
)
def test_an_input_of_the_wrong_type_is_named_with_its_path(inputs: dict[str, Any], told: str) -> None:
    assert _refused(_subscribed(**inputs)) == f"{SUBSCRIPTION} (bell): {told}"


def test_a_wrong_type_is_seen_inside_a_secret() -> None:
    def program() -> None:
        pubsub.Subscription("bell", topic="rings", filter=pulumi.Output.secret(3))  # type: ignore[arg-type]

    assert "filter: a str is expected" in _refused(program)


def test_all_problems_of_a_program_are_told_at_once() -> None:
    def program() -> None:
        pubsub.Topic("one", labels="a")  # type: ignore[call-overload]
        pubsub.Topic("two", labels="b")  # type: ignore[call-overload]

    assert _refused(program).count("a map is expected") == 2


def test_a_resource_registered_twice_fails() -> None:
    assert f"{TOPIC} (rings): registered twice" in _refused(lambda: (pubsub.Topic("rings"), pubsub.Topic("rings")))


def test_a_call_that_nothing_answers_fails() -> None:
    with pytest.raises(LookupError, match="nothing answers the invoke gcp:pubsub/getTopic:getTopic"):
        preview_program(lambda: pubsub.get_topic(name="rings"))


def test_a_call_is_answered_by_what_the_test_says() -> None:
    answers = {"gcp:organizations/getProject:getProject": {"number": "42", "id": "projects/mine"}}
    told = preview_program(
        lambda: pulumi.export("number", organizations.get_project_output().number), invokes=answers
    )
    assert told.outputs == {"number": "42"}
    assert told.invokes == ("gcp:organizations/getProject:getProject",)


def test_options_are_there_to_look_at() -> None:
    def program() -> None:
        group = pulumi.ComponentResource("mine:is:Group", "group")
        rings = pubsub.Topic("rings", opts=pulumi.ResourceOptions(parent=group, protect=True, retain_on_delete=True))
        opts = pulumi.ResourceOptions(depends_on=[rings], ignore_changes=["labels"], delete_before_replace=True)
        pubsub.Topic("bells", opts=opts)

    plan = preview_program(program)
    rings, bells = plan.one(TOPIC, name="rings"), plan.one(TOPIC, name="bells")
    assert rings.parent == plan.one("mine:is:Group").urn
    assert (rings.protect, rings.retain_on_delete) == (True, True)
    assert (bells.protect, bells.depends_on, bells.ignore_changes) == (False, (rings.urn,), ("labels",))
    assert bells.delete_before_replace
    assert [branch.resource.name for branch in plan.tree().children] == ["bells", "group"]


def test_before_the_first_up_ids_and_computed_outputs_are_unknown() -> None:
    def program() -> None:
        topic = pubsub.Topic("rings", name="rings")
        pulumi.export("id", topic.id)
        pulumi.export("name", topic.name)
        pulumi.export("said", pulumi.Output.concat("topic ", topic.id))

    assert preview_program(program, unknowns=True).outputs == {"id": UNKNOWN, "name": "rings", "said": UNKNOWN}
    assert preview_program(program).outputs["said"] == "topic projects/blossm-preview/topics/rings"


def test_no_output_that_a_resource_declares_is_missing() -> None:
    def program() -> None:
        pulumi.export("lasts", pubsub.Subscription("bell", topic="rings").message_retention_duration)

    assert preview_program(program).outputs["lasts"]


def test_secrets_stay_secret_when_shown() -> None:
    plan = preview_program(lambda: pulumi.export("key", {"deep": pulumi.Output.secret("hush")}))
    assert plan.outputs == {"key": Secret({"deep": "hush"})} or plan.outputs == {"key": {"deep": Secret("hush")}}
    assert "hush" not in str(plain(plan.outputs))
    assert "hush" not in repr(plan.outputs)


def test_an_output_that_never_resolves_times_out() -> None:
    def program() -> None:
        pulumi.export("never", pulumi.Output.from_input(asyncio.get_event_loop().create_future()))

    with pytest.raises(TimeoutError, match=r"did not end within 0\.2 s"):
        preview_program(program, timeout=0.2)


def test_a_program_that_blocks_times_out() -> None:
    released = threading.Event()
    with pytest.raises(TimeoutError, match=r"did not end within 0 s"):
        preview_program(released.wait, timeout=0)
    released.set()


def test_what_the_program_raises_is_raised_here_and_leaves_nothing_behind() -> None:
    def program() -> None:
        pubsub.Topic("rings").id.apply(lambda _: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        preview_program(program)
    with pytest.raises(pulumi.RunError, match="not today"):
        preview_program(_not_today)
    assert preview_program(lambda: pubsub.Topic("rings")).counts()[TOPIC] == 1


def _not_today() -> None:
    raise pulumi.RunError("not today")


def test_runs_do_not_see_each_other() -> None:
    def program() -> None:
        pubsub.Topic("rings")
        pulumi.export("stack", pulumi.get_stack())
        pulumi.export("word", pulumi.Config("mine").get("word"))

    first = preview_program(program, stack="one", config={"mine:word": "secret"})
    second = preview_program(program, stack="two")
    assert (first.outputs, second.outputs["stack"]) == ({"stack": "one", "word": "secret"}, "two")
    assert "secret" not in str(second.outputs)
    assert second.counts() == {"pulumi:pulumi:Stack": 1, TOPIC: 1}
    assert pulumi.runtime.get_root_resource() is None


async def test_a_preview_runs_inside_another_event_loop() -> None:
    assert preview_program(lambda: pubsub.Topic("rings")).counts()[TOPIC] == 1
    assert asyncio.get_running_loop().is_running()


def test_the_same_network_gives_the_same_plan(dev: Plan) -> None:
    again = preview(bicycle_city())
    assert again.resources == dev.resources
    assert list(again.outputs) == list(dev.outputs)


def test_what_the_program_says_is_kept() -> None:
    plan = preview_program(lambda: pulumi.log.warn("mind the gap"))
    assert plan.messages == ("warning: mind the gap",)


def test_asking_for_one_says_what_there_is(dev: Plan) -> None:
    with pytest.raises(LookupError, match=r"there is no gcp:pubsub/topic:Topic bells; there is: wake-ups-shop, wake-ups-staff"):
        dev.one(TOPIC, name="bells")
    with pytest.raises(LookupError, match="there is more than one gcp:pubsub/topic:Topic"):
        dev.one(TOPIC)


def test_a_type_that_no_sdk_has_is_named() -> None:
    with pytest.raises(LookupError, match=r"gcp:pubsub/tpoic:Tpoic: pulumi_gcp\.pubsub has no such resource"):
        preview_program(lambda: pulumi.CustomResource("gcp:pubsub/tpoic:Tpoic", "rings", {}))
