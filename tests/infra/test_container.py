"""What a procedure runs on: the stack's own words first, then its blossm.yaml, then the stack's shape."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pulumi
import pytest
from tests.infra.networks import bicycle_city, command, store

from blossm.model.network import CommandSpec, Ref, Shape
from blossm_infra.container import Container, container
from blossm_infra.deployed import Deployed, deployed
from blossm_infra.preview import SAMPLE
from blossm_infra.settings import settings_of

CITY = deployed(bicycle_city())


def _made(what: Deployed, *, stack: str = "dev", scale: dict[str, dict[str, Any]] | None = None) -> Container:
    """`scale` is the stack's `blossm:scale`."""
    return container(what, settings_of({**SAMPLE, "blossm:scale": json.dumps(scale or {})}, stack=stack))


def _with(shape: Shape) -> Deployed:
    spec: CommandSpec = replace(command("shop.bicycle.paint"), shape=shape)
    return Deployed(ref=spec.ref, specs=(spec,))


def test_what_blossm_yaml_says_comes_first() -> None:
    paint = _made(CITY[Ref("command", "shop.bicycle.paint")])
    assert (paint.memory, paint.cpu, paint.timeout, paint.concurrency) == ("1Gi", "2", "6s", 20)
    assert (paint.min_instances, paint.max_instances) == (1, 7)
    assert paint.secrets == {"PAINT_KEY": "paint-key"}
    assert paint.env == {
        "COLOR": "green",
        "BLOSSM_ENVIRONMENT": "development",
        "BLOSSM_PROCEDURE": "command/shop.bicycle.paint",
    }


def test_seconds_are_whole_ones_as_cloud_run_counts_them() -> None:
    assert [_made(_with(Shape(timeout=seconds))).timeout for seconds in (0.5, 5.5, 60, 3600)] == ["1s", "6s", "60s", "3600s"]


def test_an_event_store_stays_awake_in_production_only() -> None:
    shop = CITY[Ref("event-store", "shop")]
    assert (_made(shop).min_instances, _made(shop).cpu_idle) == (0, True)
    assert (_made(shop, stack="prod").min_instances, _made(shop, stack="prod").cpu_idle) == (1, False)
    assert _made(shop, stack="prod").max_instances == 3


@pytest.mark.parametrize("stack", ["dev", "staging", "sandbox", "prod"])
def test_every_procedure_has_a_bound(stack: str) -> None:
    for what in CITY.values():
        made = _made(what, stack=stack)
        assert 0 <= made.min_instances <= made.max_instances
        assert 0 < made.max_instances <= 100


def test_procedures_speak_grpc_and_what_the_world_or_google_calls_speaks_http() -> None:
    by_http = {ref.kind for ref, what in CITY.items() if _made(what).port == "http1"}
    assert by_http == {"command-gateway", "fact-gateway", "view-gateway", "projection"}


@pytest.mark.parametrize(
    ("memory", "cpu"), [("256Mi", "1"), ("4Gi", "1"), ("4097Mi", "2"), ("16Gi", "4"), ("24Gi", "6"), ("32Gi", "8")]
)
def test_memory_brings_the_cpus_that_cloud_run_wants_for_it(memory: str, cpu: str) -> None:
    assert _made(_with(Shape(memory=memory))).cpu == cpu


def test_more_memory_than_there_is_is_refused_with_file_and_line() -> None:
    with pytest.raises(pulumi.RunError, match=r"^services/shop/bicycle/blossm.yaml:20:1: `memory: 64Gi` is more than"):
        _made(_with(Shape(memory="64Gi")))


def test_less_than_one_cpu_takes_one_request_at_a_time() -> None:
    assert _made(_with(Shape(cpu="0.5"))).concurrency == 1
    with pytest.raises(pulumi.RunError, match=r"blossm.yaml:20:1: less than one CPU takes `concurrency: 1`"):
        _made(_with(Shape(cpu="0.5", concurrency=10)))


def test_half_a_cpu_may_be_written_in_thousandths() -> None:
    assert _made(_with(Shape(cpu="500m"))).concurrency == 1
    assert _made(_with(Shape(cpu="2000m"))).concurrency == 80


@pytest.mark.parametrize(
    ("written", "said"), [("0.5", "500m"), ("500m", "500m"), ("0.08", "80m"), ("1.0", "1"), ("1000m", "1"), ("2", "2")]
)
def test_cpus_are_said_as_cloud_run_says_them_however_they_are_written(written: str, said: str) -> None:
    assert _made(_with(Shape(cpu=written))).cpu == said


@pytest.mark.parametrize(
    ("cpu", "memory", "why"),
    [
        ("3", "1Gi", "is not to be had on Cloud Run: there is less than one CPU, or 1, 2, 4, 6 or 8"),
        ("1500m", "1Gi", "is not to be had on Cloud Run"),
        ("1", "8Gi", "takes at most 4096Mi of memory on Cloud Run, and it has `memory: 8Gi`"),
        ("0.5", "2Gi", "takes at most 1024Mi of memory"),
        ("250m", "1Gi", "takes at most 512Mi of memory"),
        ("4", "256Mi", "takes at least 2048Mi of memory on Cloud Run, and it has `memory: 256Mi`"),
        ("8", "2Gi", "takes at least 4096Mi of memory"),
    ],
)
def test_cpus_that_cloud_run_does_not_have_beside_that_memory_are_refused_with_file_and_line(
    cpu: str, memory: str, why: str
) -> None:
    with pytest.raises(pulumi.RunError, match=f"^{re.escape(f'services/shop/bicycle/blossm.yaml:20:1: `cpu: {cpu}` {why}')}"):
        _made(_with(Shape(cpu=cpu, memory=memory)))


def test_less_than_one_cpu_has_it_only_while_it_answers() -> None:
    half = Deployed(ref=Ref("event-store", "shop"), specs=(replace(store("shop", "bicycle"), shape=Shape(cpu="0.5")),))
    assert _made(half, stack="prod").cpu_idle
    with pytest.raises(
        pulumi.RunError,
        match=r"^Pulumi.prod.yaml: `blossm:scale\[.event-store/shop.\]`: less than one CPU takes `cpu_idle: true`",
    ):
        _made(half, stack="prod", scale={"event-store/shop": {"cpu_idle": False}})


def test_what_the_stack_says_goes_over_blossm_yaml_and_of_a_procedure_over_its_kind() -> None:
    paint = CITY[Ref("command", "shop.bicycle.paint")]  # 1 to 7 instances, 20 at a time
    by_kind = _made(paint, scale={"command": {"min_instances": 0, "concurrency": 50}})
    assert (by_kind.min_instances, by_kind.max_instances, by_kind.concurrency) == (0, 7, 50)
    scale = {"command": {"min_instances": 0, "max_instances": 9}, "command/shop.bicycle.paint": {"min_instances": 2}}
    by_name = _made(paint, scale=scale)
    assert (by_name.min_instances, by_name.max_instances, by_name.concurrency) == (2, 9, 20)
    repaint = _made(CITY[Ref("command", "shop.bicycle.repaint")], scale=scale)
    assert (repaint.min_instances, repaint.max_instances) == (0, 9)


def test_a_bound_that_is_said_moves_the_other_out_of_its_way() -> None:
    paint = CITY[Ref("command", "shop.bicycle.paint")]
    least = _made(paint, scale={"command": {"min_instances": 8}})
    assert (least.min_instances, least.max_instances) == (8, 8)
    most = _made(_with(Shape(min_instances=5)), scale={"command": {"max_instances": 2}})
    assert (most.min_instances, most.max_instances) == (2, 2)


def test_an_event_store_may_be_kept_awake_elsewhere_or_sleep_in_production() -> None:
    shop = CITY[Ref("event-store", "shop")]
    awake = _made(shop, scale={"event-store/shop": {"min_instances": 1, "cpu_idle": False}})
    assert (awake.min_instances, awake.cpu_idle) == (1, False)
    assert _made(shop, stack="prod", scale={"event-store": {"min_instances": 0}}).min_instances == 0


def test_a_procedure_may_have_an_image_of_its_own() -> None:
    image = f"example.org/price@sha256:{'1' * 64}"
    settings = settings_of({**SAMPLE, "blossm:images": json.dumps({"fact/price": image})}, stack="prod")
    assert container(CITY[Ref("fact", "price")], settings).image == image
    assert container(CITY[Ref("fact", "shop.bicycle.owner")], settings).image == SAMPLE["blossm:image"]


def test_event_stores_of_one_service_share_the_largest_of_their_shapes() -> None:
    stores = (
        replace(store("shop", "bicycle"), shape=Shape(memory="1Gi", timeout=5)),
        replace(store("shop", "wheel"), shape=Shape(memory="512Mi", timeout=90, min_instances=2)),
    )
    made = _made(Deployed(ref=Ref("event-store", "shop"), specs=stores))
    assert (made.memory, made.timeout, made.min_instances) == ("1Gi", "90s", 2)


def test_event_stores_that_disagree_about_a_variable_are_refused() -> None:
    stores = (
        replace(store("shop", "bicycle"), env={"MODE": "fast"}),
        replace(store("shop", "wheel", line=9), env={"MODE": "safe"}),
    )
    with pytest.raises(pulumi.RunError, match=r"blossm.yaml:9:1: `env` says MODE is `safe`, but .*blossm.yaml:3:1 says `fast`"):
        _made(Deployed(ref=Ref("event-store", "shop"), specs=stores))


def test_a_variable_of_the_stack_is_not_for_the_user_to_set() -> None:
    spec = replace(command("shop.bicycle.paint"), env={"BLOSSM_ENVIRONMENT": "mine"})
    with pytest.raises(pulumi.RunError, match="`env` may not set `BLOSSM_ENVIRONMENT`"):
        _made(Deployed(ref=spec.ref, specs=(spec,)))
