"""What a user gets for a mistake, on the real engine: a message and no traceback, and nothing is registered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.engine.deployments import Deployments
from tests.engine.town import TOWN

_STACK = "pulumi:pulumi:Stack"
_Mistake = Callable[[Deployments], None]


def _in_setting(key: str, value: object) -> _Mistake:
    return lambda deployments: deployments.write_setting("prod", key, value)


def _in_network(name: str, text: str) -> _Mistake:
    return lambda deployments: deployments.write({**TOWN, name: text})


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        (_in_setting("blossm:imgae", "x"), "did you mean `blossm:image`?"),
        (_in_setting("blossm:image", "europe-west1-docker.pkg.dev/x/blossm/town:latest"), "`blossm:image`"),
        (_in_setting("blossm:protect", False), "`blossm:protect`"),
        (_in_setting("blossm:network", "nowhere"), "there is no blossm.yaml in"),
        (_in_network("services/town/visitor/blossm.yaml", "domain: visitor\n---\nprocedure: comand\n"), "blossm.yaml:3:"),
        (_in_network("views/visitors.py", ""), "views/blossm.yaml:"),
    ],
    ids=["an unknown setting", "an image by tag", "no protection", "no network there", "an invalid network", "no handler"],
)
def test_a_mistake_is_told_and_nothing_is_registered(deployments: Deployments, mistake: _Mistake, told: str) -> None:
    mistake(deployments)
    ran = deployments.up("prod")
    assert ran.code != 0
    assert told in ran.said
    assert "Traceback" not in ran.said
    assert {it["type"] for it in deployments.resources("prod").values()} <= {_STACK}
    assert deployments.journal.entries == []


def test_a_stack_that_is_no_environment_is_told_which_there_are(deployments: Deployments) -> None:
    deployments.must("stack", "init", "qa")
    ran = deployments.preview("qa")
    assert ran.code != 0
    assert "dev, staging, sandbox, prod" in ran.said
    assert "Traceback" not in ran.said
