"""What a stack would consist of: its program run once, without an engine, and what is to be said of it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from blossm.cli.cloud.program import plan_of
from blossm.cli.failure import Failure
from blossm.serve.told import ENVIRONMENT, FINDINGS

if TYPE_CHECKING:
    from blossm_infra.policy import Finding
    from blossm_infra.preview import Plan
    from blossm_infra.project import Project
    from blossm_infra.settings import StackSettings

SDKS = ("pulumi", "pulumi_gcp", "pulumi_mongodbatlas")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The plan of one stack, with what its settings say and which rules it breaks."""

    stack: str
    project: Project
    settings: StackSettings
    plan: Plan
    findings: tuple[Finding, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the program warns of, most of it with the file and line of a blossm.yaml."""
        return tuple(text.partition(": ")[2] for text in self.plan.messages if text.startswith("warning: "))

    @property
    def refused(self) -> bool:
        return any(finding.severity == "error" for finding in self.findings)


def project_of(stack: str) -> Project:
    """The Pulumi project here or above, for one of its stacks. Raises Failure where there is none."""
    if any(find_spec(package) is None for package in SDKS):
        raise Failure("this needs Pulumi's SDK", code=ENVIRONMENT, help="pip install 'blossm[infra]'")
    from blossm_infra.preview import RunError
    from blossm_infra.project import NoProject, find_project, read_project

    try:
        return read_project(find_project(Path.cwd()), stack=stack)
    except NoProject as error:
        raise Failure(str(error), code=ENVIRONMENT) from None
    except RunError as error:
        raise Failure(str(error), code=FINDINGS) from None


def settings_in(project: Project, stack: str) -> StackSettings:
    """What the stack says about itself. Raises Failure with every mistake."""
    from blossm_infra.preview import RunError
    from blossm_infra.settings import settings_of
    from blossm_infra.settings.stack_file import read_stack_file

    file = read_stack_file(project.root, stack=stack, project=project.name, config=project.config)
    try:
        return settings_of(project.config, stack=stack, file=file)
    except RunError as error:
        raise Failure(str(error), code=FINDINGS) from None


def propose(project: Project, stack: str) -> Proposal:
    """Runs the project's program. Raises Failure for what it, an engine or a provider would refuse."""
    from blossm_infra.policy import findings

    settings = settings_in(project, stack)
    plan = plan_of(project, stack=stack)
    return Proposal(stack=stack, project=project, settings=settings, plan=plan, findings=findings(plan, stack=settings))
