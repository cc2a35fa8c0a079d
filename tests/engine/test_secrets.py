"""What is secret is in no state, no output and nothing that the engine says."""

from __future__ import annotations

import base64
import re

import pytest
from tests.engine.deployments import SEED, Deployments

from blossm_infra.preview import SAMPLE
from blossm_infra.settings import settings_of
from blossm_infra.stores.passwords import password_of


@pytest.mark.parametrize("stack", ["dev", "staging"])
def test_neither_the_seed_nor_a_password_made_of_it_can_be_read(deployments: Deployments, stack: str) -> None:
    ran = deployments.up(stack)
    assert ran.code == 0, ran.said
    users = {it.name for it in deployments.journal.entries if it.type == "mongodbatlas:index/databaseUser:DatabaseUser"}
    assert users
    settings = settings_of({**SAMPLE, "blossm:databaseSeed": SEED}, stack=stack)
    secrets = [SEED, *(password_of(settings, user) for user in users)]
    shown = "\n".join([deployments.state(stack), ran.said, deployments.must("stack", "output", "--json", "--stack", stack).said])
    for secret in secrets:
        for form in (secret, base64.b64encode(secret.encode()).decode()):
            assert form not in shown
    assert re.search(r'"ciphertext"', shown), "what is written only is in a state's inputs, encrypted"
