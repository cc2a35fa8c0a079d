"""What runs, how far it grows, where it stands and how it is found."""

from __future__ import annotations

import typing
from collections import abc

from blossm_infra.harness.plan import Plan, Registered
from blossm_infra.harness.strict import input_types
from blossm_infra.harness.wire import Unknown
from blossm_infra.policy.reading import JOB, SERVICE, at, containers
from blossm_infra.policy.rule import Broken, Rule
from blossm_infra.settings import StackSettings

_LABELS = ("network", "environment")
_NOWHERE = "global"


def _digest(plan: Plan, stack: StackSettings) -> Broken:
    if stack.environment != "production":
        return
    for resource in plan.of(SERVICE, JOB):
        for container in containers(resource):
            image = container.get("image")
            if not isinstance(image, Unknown) and "@sha256:" not in str(image):
                yield resource, f"its image may change without a deployment: {image}"


def _bounded(plan: Plan, stack: StackSettings) -> Broken:
    for service in plan.of(SERVICE):
        most = at(service, "template", "scaling", "maxInstanceCount")
        if not most:
            yield service, "it grows as far as Google lets it: `max_instance_count` is not set"


def _labelled(plan: Plan, stack: StackSettings) -> Broken:
    for resource in _providers(plan):
        where = "tags" if resource.type.startswith("mongodbatlas:") else "labels"
        if _takes_words(resource, where):
            said = at(resource, where) or {}
            if missing := [label for label in _LABELS if label not in said]:
                yield resource, f"`{where}` has no {' and no '.join(missing)}"
            elif said["environment"] != stack.environment:
                yield resource, f"`{where}` says {said['environment']}, in a stack that is {stack.environment}"


def _takes_words(resource: Registered, where: str) -> bool:
    """`labels` of some types are no words by which somebody finds them."""
    return typing.get_origin(input_types(resource.type).get(where)) is abc.Mapping


def _protection(plan: Plan, stack: StackSettings) -> Broken:
    for resource in _providers(plan):
        if "deletionProtection" in input_types(resource.type) and at(resource, "deletionProtection") is None:
            yield resource, "whether it may be deleted is left to the provider, whose default changes"


def _one_region(plan: Plan, stack: StackSettings) -> Broken:
    for resource in _providers(plan):
        for key in ("location", "region"):
            place = at(resource, key)
            if isinstance(place, str) and place not in (stack.region, _NOWHERE):
                yield resource, f"`{key}` is {place}, in a stack that stands in {stack.region}"


def _providers(plan: Plan) -> list[Registered]:
    return [r for r in plan.resources if r.custom and r.type.partition(":")[0] in ("gcp", "mongodbatlas")]


RULES = (
    Rule(
        id="BP105",
        says="In production an image is named by its digest.",
        reason="A tag can be moved: what runs then is not what was tested, and differs from instance to instance.",
        fix="Name the image as `…@sha256:…`, in `blossm:image` or `blossm:images`.",
        check=_digest,
    ),
    Rule(
        id="BP106",
        says="Every service has a bound on its instances.",
        reason="A loop, or an attack, costs what the bound lets it cost.",
        fix="Set `max_instances` in blossm.yaml or in `blossm:scale`.",
        check=_bounded,
    ),
    Rule(
        id="BP108",
        says="What takes labels says its network and its environment.",
        reason="Bills, logs and alarms are told apart by them.",
        fix="Pass `labels=site.labels()` (`tags=` on Atlas).",
        check=_labelled,
    ),
    Rule(
        id="BP113",
        says="What can be protected from deletion says whether it is.",
        reason="The provider's default is true for some types: then a command can't leave blossm.yaml.",
        fix="Set `deletion_protection`.",
        check=_protection,
    ),
    Rule(
        id="BP114",
        says="Everything stands in the stack's region.",
        reason="What stands elsewhere is slow to reach, costs traffic, and may lie under another law.",
        fix="Take `settings.region`.",
        check=_one_region,
    ),
)
