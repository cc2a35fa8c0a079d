"""The preview is stricter than the SDK's mocks: what would fail in the cloud fails here."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import pulumi
import pulumi_gcp
import pulumi_gcp.dns as dns
import pulumi_gcp.organizations as organizations
import pulumi_gcp.pubsub as pubsub
import pulumi_gcp.serviceaccount as serviceaccount
import pulumi_mongodbatlas as mongodbatlas
import pytest
from pulumi.runtime import invoke
from tests.infra.deployments import deployment
from tests.infra.networks import bicycle_city

from blossm_infra.harness import strict
from blossm_infra.policy.reading import leaves
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


def test_a_number_with_a_fraction_is_no_whole_number() -> None:
    assert "a int is expected, not 2.5" in _refused(_subscribed(ack_deadline_seconds=2.5))


def test_what_only_the_provider_says_is_no_input() -> None:
    def program() -> None:
        pulumi.CustomResource("gcp:serviceaccount/account:Account", "me", {"accountId": "me-myself", "email": "me@example.com"})

    assert _refused(program).endswith("(me): email: it is an output: the provider says what it is")


class _Size(StrEnum):
    SMALL = "small"
    LARGE = "large"


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        (_Size, "small", []),
        (_Size, "huge", ["size: one of small, large is expected, not 'huge'"]),
        (int | str, "four", []),
        (int | str, 4, []),
        (int | str, [4], ["size: a int is expected, not [4]"]),
        (_Size | str, "huge", []),  # an enum that a provider may extend
    ],
)
def test_enums_and_unions_take_what_one_of_their_members_takes(kind: Any, value: Any, told: list[str]) -> None:
    assert list(strict.checked(value, kind, "size")) == told


def test_a_type_of_a_package_that_nobody_has_used_yet_is_known() -> None:
    asked = "from blossm_infra.harness.strict import resource_class; print(resource_class('gcp:redis/instance:Instance'))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "<class 'pulumi_gcp.redis.instance.Instance'>\n"


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
    def program() -> None:
        pulumi.export("number", organizations.get_project_output(project_id="mine").number)

    call = "gcp:organizations/getProject:getProject"
    told = preview_program(program, invokes={call: {"number": "42", "id": "projects/mine"}})
    assert told.outputs == {"number": "42"}
    assert told.invokes == (call,)
    asked = preview_program(program, invokes={call: lambda asked: {"number": f"that of {asked['projectId']}", "id": "x"}})
    assert asked.outputs == {"number": "that of mine"}


def test_another_stack_is_what_the_test_says_and_else_unknown_or_refused() -> None:
    def program() -> None:
        other = pulumi.StackReference("organization/city/dev")
        pulumi.export("servers", other.require_output("servers"))
        pulumi.export("key", other.require_output("key"))

    stacks = {"organization/city/dev": {"servers": ["ns1.example"], "key": Secret("hush")}}
    assert preview_program(program, stacks=stacks).outputs == {"servers": ["ns1.example"], "key": Secret("hush")}
    assert preview_program(program, unknowns=True).outputs == {"servers": UNKNOWN, "key": UNKNOWN}
    assert _refused(program).startswith("nothing is known of the stack organization/city/dev: pass `stacks=")


def test_a_stacks_own_last_outputs_are_none_unless_the_test_says_so() -> None:
    def program() -> None:
        last = invoke("pulumi:pulumi:readStackOutputs", {"name": "organization/city/dev"}).value["outputs"]
        pulumi.export("seen", {**last})

    assert preview_program(program, project="city").outputs == {"seen": {}}
    before = {"organization/city/dev": {"seen": 3}}
    assert preview_program(program, project="city", stacks=before).outputs == {"seen": {"seen": 3}}


def test_a_resource_that_exists_is_not_read() -> None:
    told = _refused(lambda: pubsub.Topic.get("rings", "projects/x/topics/rings"))
    assert told == f"{TOPIC} (rings): reading a resource that exists needs an engine"


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


def test_every_other_option_is_there_too() -> None:
    def program() -> None:
        first = pubsub.Topic("first")
        opts = pulumi.ResourceOptions(
            aliases=[pulumi.Alias(name="bells")],
            additional_secret_outputs=["labels"],
            custom_timeouts=pulumi.CustomTimeouts(create="5m"),
            deleted_with=first,
            import_="projects/x/topics/rings",
            replace_on_changes=["kms_key_name"],
            version="9.0.0",
        )
        pubsub.Topic("rings", opts=opts)

    rings = (plan := preview_program(program)).one(TOPIC, name="rings")
    assert (rings.aliases, rings.timeouts) == (("bells",), {"create": "5m"})
    assert "labels" in rings.additional_secret_outputs
    assert (rings.deleted_with, rings.import_id) == (plan.one(TOPIC, name="first").urn, "projects/x/topics/rings")
    assert (rings.replace_on_changes, rings.version) == (("kmsKeyName",), "9.0.0")


def test_a_provider_of_ones_own_is_named() -> None:
    def program() -> None:
        opts = pulumi.ResourceOptions(provider=pulumi_gcp.Provider("mine", project="other"))
        pubsub.Topic("rings", opts=opts)

    plan = preview_program(program)
    assert plan.one(TOPIC).provider == f"{plan.one('pulumi:providers:gcp').urn}::provider"


def test_a_hook_is_there_to_look_at_and_to_call() -> None:
    def refuse(args: pulumi.ResourceHookArgs) -> None:
        raise pulumi.RunError(f"{args.name} stays")

    def program() -> None:
        stays = pulumi.ResourceHook("stays", refuse, pulumi.ResourceHookOptions(on_dry_run=True))
        pubsub.Topic("rings", opts=pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(before_delete=[stays])))

    plan = preview_program(program)
    assert plan.one(TOPIC).hooks == ("stays",)
    assert plan.one(TOPIC).hooks_at == {"before_delete": ("stays",)}
    assert plan.hooks["stays"].on_dry_run
    with pytest.raises(pulumi.RunError, match="rings stays"):
        plan.hooks["stays"].run(pulumi.ResourceHookArgs(urn="", id="", name="rings", type=TOPIC))


def test_a_name_of_a_hook_is_taken_once() -> None:
    def program() -> None:
        for _ in range(2):
            pulumi.ResourceHook("stays", lambda _: None)

    assert _refused(program) == "hook stays: registered twice"


def test_what_only_an_engine_can_do_is_refused() -> None:
    with pytest.raises(LookupError, match="transforms, migrations and error hooks need an engine"):
        preview_program(lambda: pubsub.Topic("rings", opts=pulumi.ResourceOptions(transforms=[lambda _: None])))


def test_a_resource_is_known_by_all_that_lies_above_it() -> None:
    def program() -> None:
        outer = pulumi.ComponentResource("mine:is:Outer", "outer")
        inner = pulumi.ComponentResource("mine:is:Inner", "inner", None, pulumi.ResourceOptions(parent=outer))
        pubsub.Topic("rings", opts=pulumi.ResourceOptions(parent=inner))

    urn = preview_program(program, project="city").one(TOPIC).urn
    assert urn == "urn:pulumi:dev::city::mine:is:Outer$mine:is:Inner$gcp:pubsub/topic:Topic::rings"


def test_garbage_is_looked_for_as_before_when_a_run_has_ended() -> None:
    before, during = gc.get_threshold(), []
    preview_program(lambda: during.append(gc.get_threshold()))
    assert during != [before]
    assert gc.get_threshold() == before


def test_ids_and_outputs_are_those_of_the_stacks_own_project() -> None:
    def program() -> None:
        account = serviceaccount.Account("me", account_id="me-myself")
        pulumi.export("id", account.id)
        pulumi.export("unique", account.unique_id)
        zone = dns.ManagedZone("zone", name="zone", dns_name="city.example.")
        pulumi.export("servers", zone.name_servers.apply(len))
        cluster = mongodbatlas.AdvancedCluster(
            "store", name="store", project_id="p", cluster_type="REPLICASET", replication_specs=[{"region_configs": []}]
        )
        pulumi.export("store", cluster.connection_strings["standard_srv"])

    told = preview_program(program, config={"gcp:project": "city-dev"}).outputs
    assert told["id"] == "projects/city-dev/serviceAccounts/me-myself@city-dev.iam.gserviceaccount.com"
    assert len(told["unique"]) == 21
    assert told["servers"] == 4
    assert told["store"] == "mongodb+srv://store.abc12.mongodb.net"


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


@pytest.mark.parametrize("name", ["bicycle_city-dev", "bicycle_city-staging", "bicycle_city-prod"])
def test_nothing_that_a_network_computes_with_is_made_up(name: str) -> None:
    """Outputs that nobody knows are called `name.property`: an input with one in it would look like nothing in the cloud."""
    plan = deployment(name).plan
    made_up = {
        value
        for resource in plan.resources
        for path, value in leaves(plain(resource.outputs))
        if isinstance(value, str) and value == f"{resource.inputs.get('name', resource.name)}.{path}"
    }
    used = [value for resource in plan.resources for _, value in leaves(plain(resource.inputs)) if isinstance(value, str)]
    shown = [value for component in plan.resources if not component.custom for _, value in leaves(plain(component.outputs))]
    assert [value for value in (*used, *shown) if value in made_up] == []
    assert [value for value in used if value.endswith("-id")] == []


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
