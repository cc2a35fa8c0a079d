"""Secrets: who may read them, and that the program never does."""

from __future__ import annotations

from dataclasses import replace

from tests.infra.networks import bicycle_city
from tests.infra.plans import planned

from blossm_infra.preview import Plan

BINDING = "gcp:secretmanager/secretIamMember:SecretIamMember"
SERVICE = "gcp:cloudrunv2/service:Service"


def test_a_procedure_may_read_the_secrets_that_it_names_and_no_others(dev: Plan) -> None:
    bound = {(b.inputs["secretId"], b.inputs["role"], b.inputs["member"]) for b in dev.of(BINDING) if "paint" in b.name}
    member = "serviceAccount:command-shop-bicycle-paint@blossm-preview.iam.gserviceaccount.com"
    assert bound == {("paint-key", "roles/secretmanager.secretAccessor", member)}


def test_a_procedure_starts_when_it_may_read_its_secrets(dev: Plan) -> None:
    (binding,) = [b for b in dev.of(BINDING) if b.inputs["secretId"] == "paint-key"]
    assert binding.urn in dev.one(SERVICE, name="command-shop-bicycle-paint").depends_on


def test_a_secret_that_two_variables_hold_is_bound_once() -> None:
    city = bicycle_city()
    paint = replace(city.commands["shop.bicycle.paint"], secrets={"ONE": "paint-key", "TWO": "paint-key"})
    plan = planned(replace(city, commands={**city.commands, paint.address: paint}))
    assert len([b for b in plan.of(BINDING) if b.inputs["secretId"] == "paint-key"]) == 1


def test_a_secret_of_a_procedure_is_neither_made_nor_read(dev: Plan) -> None:
    """An operator makes it, by hand; what never passes through the program can't be in its state."""
    made = {resource.inputs["secretId"] for resource in dev.of("gcp:secretmanager/secret:Secret")}
    assert "paint-key" not in made
    assert not [invoke for invoke in dev.invokes if "secret" in invoke.lower()]
