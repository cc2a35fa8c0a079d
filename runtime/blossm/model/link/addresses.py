"""Every procedure under its address, once, with names that DNS and the cloud can carry."""

from __future__ import annotations

from collections.abc import Mapping

from blossm.model.diagnostics import did_you_mean
from blossm.model.headers import Hierarchy, is_read_side
from blossm.model.link.index import DOORS, Draft, Index, draft
from blossm.model.names import LABEL_LIMIT, ROUTES, address, too_long
from blossm.model.network import Environment, Kind

_NAMED: tuple[Kind, ...] = ("command", "fact", "view-store")  # their addresses are unique among each other


def gather(hierarchy: Hierarchy, index: Index) -> None:
    """Put every procedure into the index. One that belongs nowhere can't be found, which is told once: there."""
    homeless = False
    for placed in hierarchy.procedures:
        one = draft(placed)
        if not _belongs(one, index):
            homeless = True
            continue
        if one.kind in (*_NAMED, "projection") and not one.name:
            continue
        _check_name(one, index)
        others = _NAMED if one.kind in _NAMED else (one.kind,)
        first = next((found for kind in others if (found := index.drafts.get(kind, {}).get(one.address))), None)
        if first:
            what = f"a {first.kind} `{one.address}`" if first.kind != one.kind else f"`{one.address}`"
            help = f"the first one is at {first.spot.place}"
            index.findings.add("B604", f"{what} is there already", one.named_at, help=help)
        if first is None or first.kind != one.kind:
            index.add(one)
    index.complete = index.complete and not homeless


def _belongs(one: Draft, index: Index) -> bool:
    """Whether a procedure of the write side has the service and domain that it needs, and they exist."""
    if is_read_side(one.placed.procedure):
        return True
    scope = one.placed.scope
    needs_domain = one.kind in ("event-store", "command", "command-gateway")
    if needs_domain and not scope.domain:
        help = "a header above it says `domain: bicycle`"
        index.findings.add("B124", f"this {one.kind} belongs to no domain", one.spot, help=help)
        return False
    if scope.domain and not scope.service:
        if one.placed.procedure.said("domain"):  # else its header is told
            help = "a header above it says `service: shop`"
            index.findings.add("B124", f"the domain `{scope.domain}` belongs to no service", one.spot, help=help)
        return False
    return _exists(one, index)


def _exists(one: Draft, index: Index) -> bool:
    """Whether the service and domain that a procedure itself names are there."""
    said = one.placed.procedure.said
    if said("service") and one.service not in index.services:
        help = did_you_mean(one.service, index.services, there_are="services")
        index.tell_unknown(f"there is no service `{one.service}`", one.document.value("service"), help=help)
        return False
    if said("domain") and (one.service, one.domain) not in index.domains:
        known = [domain for service, domain in index.domains if service == one.service]
        help = did_you_mean(one.domain, known, there_are="domains")
        message = f"there is no domain `{one.domain}` in `{one.service}`"
        index.tell_unknown(message, one.document.value("domain"), help=help)
        return False
    return True


def _check_name(one: Draft, index: Index) -> None:
    if one.kind in _NAMED and one.name in ROUTES:
        message = f"`{one.name}` is a route of every gateway, so nothing can be named so"
        index.findings.add("B602", message, one.named_at)
    if len(one.name) > LABEL_LIMIT:
        message = f"a name has at most {LABEL_LIMIT} letters, and this one has {len(one.name)}"
        index.findings.add("B603", message, one.named_at)


def check_hosts(index: Index, prefixes: Mapping[Environment, str]) -> None:
    """Refuse gateways whose host names are longer than DNS and certificates allow."""
    longest = max(prefixes.values(), key=len)
    for kind in DOORS:
        for one in index.drafts.get(kind, {}).values():
            if why := too_long(address(one.address, longest, index.network.network)):
                help = "shorten a name that it is made of"
                index.findings.add("B603", f"the gateway's host name is too long: {why}", one.spot, help=help)
