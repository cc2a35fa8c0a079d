"""The graph of a network, or of any Pulumi program, without an engine: for tests and for `blossm plan`.

    plan = preview(network, stack="prod")
    paint = plan.one("gcp:cloudrunv2/service:Service", name="command-shop-bicycle-paint")
    assert paint.inputs["ingress"] == "INGRESS_TRAFFIC_INTERNAL_ONLY"
    assert plan.counts()["gcp:pubsub/topic:Topic"] == 2

and for components of your own: `plan = preview_program(lambda: Mine("mine", …))`.

Stricter than the SDK's mocks: inputs are checked against the SDK's type metadata, options are recorded, a resource
registered twice fails, a call that nothing answers fails, an output that never resolves times out, runs don't see each other.
"""

from __future__ import annotations

import runpy
from collections.abc import Callable, Mapping
from typing import Any

from pulumi import RunError

from blossm.model.network import Network as Model
from blossm_infra.harness import answers
from blossm_infra.harness.monitor import Unanswered
from blossm_infra.harness.plan import Branch, Plan, Registered
from blossm_infra.harness.run import PreviewError, Run, run
from blossm_infra.harness.wire import UNKNOWN, Secret, Unknown, plain
from blossm_infra.network import Network, NetworkArgs
from blossm_infra.project import Project
from blossm_infra.settings import settings_of

__all__ = [
    "SAMPLE",
    "UNKNOWN",
    "Branch",
    "Plan",
    "PreviewError",
    "Registered",
    "RunError",
    "Secret",
    "Unanswered",
    "Unknown",
    "plain",
    "preview",
    "preview_program",
    "preview_project",
]

SAMPLE: Mapping[str, str] = {
    "gcp:project": answers.PROJECT,
    "gcp:region": "europe-west1",
    "blossm:network": ".",
    "blossm:image": f"europe-west1-docker.pkg.dev/{answers.PROJECT}/blossm/network@sha256:{'0' * 64}",
    "blossm:atlas": '{"organization": "0123456789abcdef01234567", "identity_provider": "0123456789abcdef01234567"}',
    "blossm:databaseSeed": "a secret that is long enough for tests",
}
"""Settings for a preview that has none of its own."""


def preview(model: Model, *, stack: str = "dev", config: Mapping[str, str] | None = None, unknowns: bool = False) -> Plan:
    """What the stack would consist of. The network is one for the stack's environment; `config` goes over `SAMPLE`."""
    settings = settings_of({**SAMPLE, **(config or {})}, stack=stack)
    args = NetworkArgs(model=model, settings=settings)
    return preview_program(lambda: Network(model.name, args).export(), stack=stack, unknowns=unknowns)


def preview_program(program: Callable[[], object], **how: Any) -> Plan:
    """What any program registers; `how` are the fields of `Run`: stack, config, unknowns, outputs, invokes, stacks, timeout."""
    return run(program, Run(**how))


def preview_project(project: Project, *, stack: str, unknowns: bool = True) -> Plan:
    """What the project's own program registers for one of its stacks: what `pulumi preview` would find."""
    how = Run(stack=stack, project=project.name, root=project.root, config=project.config, unknowns=unknowns)
    return run(lambda: runpy.run_path(str(project.main), run_name="__main__"), how)
