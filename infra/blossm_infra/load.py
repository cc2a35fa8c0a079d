"""The network that a stack names."""

from __future__ import annotations

import pulumi

from blossm.model.diagnostics import render
from blossm.model.load import check, load
from blossm.model.network import Network
from blossm_infra.settings import StackSettings, network_folder


def load_network(settings: StackSettings) -> Network:
    """The network for the stack's environment. Raises `pulumi.RunError` with what `blossm check` says; logs its warnings."""
    folder = network_folder(settings)
    if not (folder / "blossm.yaml").is_file():
        where = f"{settings.file.at(('blossm:network',))}: `blossm:network` is {settings.network!r}"
        raise pulumi.RunError(f"{where}, and there is no blossm.yaml in {folder}")
    problems = check(folder)
    if any(problem.severity == "error" for problem in problems):
        told = "\n\n".join(render(problem) for problem in problems)
        raise pulumi.RunError(f"the network in `{settings.network}` is not valid; nothing was registered\n\n{told}")
    for problem in problems:
        pulumi.log.warn(render(problem))
    return load(folder, environment=settings.environment)
