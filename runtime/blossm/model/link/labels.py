"""Services, domains, contexts and prefixes: what becomes a part of host names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from blossm.model.diagnostics import Spot
from blossm.model.headers import Hierarchy
from blossm.model.names import LABEL_LIMIT
from blossm.model.network import Environment


def check_labels(hierarchy: Hierarchy, prefixes: Mapping[Environment, str]) -> None:
    """Refuse names that can't stand in a host name, or would stand there for something else."""
    findings = hierarchy.findings
    _check_prefixes(hierarchy, prefixes)
    for kind, name, spot in _labels(hierarchy):
        environment = next((one for one, prefix in prefixes.items() if prefix and prefix == name), None)
        if environment and kind != "domain":  # a domain is never the last before the network
            findings.add("B602", f"a {kind} can't be named `{name}`: that is the prefix of {environment}", spot)
        if name.endswith("_"):
            findings.add("B601", f"`{name}` ends with `_`, and no part of a host name ends so", spot)
        if len(name) > LABEL_LIMIT:
            findings.add("B603", f"a name has at most {LABEL_LIMIT} letters, and this one has {len(name)}", spot)


def _check_prefixes(hierarchy: Hierarchy, prefixes: Mapping[Environment, str]) -> None:
    header = next((chain[-1] for chain in hierarchy.chains if chain[-1].kind == "network"), None)
    given = header.document.data.get("environments") if header else None
    for environment, prefix in prefixes.items():
        same = [other for other, its in prefixes.items() if its == prefix and other != environment]
        if header and same and isinstance(given, dict) and environment in given:
            spot = header.document.value("environments", environment)
            hierarchy.findings.add("B604", f"`{environment}` and `{same[0]}` have the same prefix", spot)


def _labels(hierarchy: Hierarchy) -> Iterator[tuple[str, str, Spot]]:
    """What is named, how, and where: by headers, and by procedures themselves."""
    for chain in hierarchy.chains:
        header = chain[-1]
        if header.kind != "network":
            yield header.kind, header.name, header.document.value(header.kind)
        if header.service:
            yield "service", header.service, header.document.value("service")
    for placed in hierarchy.procedures:
        for kind in ("service", "domain", "context"):
            if name := placed.procedure.said(kind):
                yield kind, name, placed.procedure.document.value(kind)
