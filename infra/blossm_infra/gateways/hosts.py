"""Host names, and what can be wrong with them: pure, from the model and the stack's settings alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from blossm.model.names import too_long
from blossm.model.network import Network
from blossm_infra.settings import STACKS, StackSettings

_DELEGATIONS = "blossm:delegations"

FRONT = "gateways"  # under this label all gateways of a stack have one address; theirs begin with c, f or v


def parent(host: str) -> str:
    """The domain whose wildcard covers `host`: a wildcard stands for one label."""
    return host.partition(".")[2]


def parents(hosts: Iterable[str]) -> list[str]:
    """Each parent once: a gateway under a known one needs no certificate of its own."""
    return sorted({parent(host) for host in hosts})


def front(model: Network) -> str:
    """The host that the hosts of all gateways lead to, where one load balancer serves them."""
    return f"{FRONT}.{model.host}"


def domain(model: Network, stack: str) -> str:
    """The domain below which the hosts of a stack lie."""
    prefix = model.environments[STACKS[stack]]
    return f"{prefix}.{model.name}" if prefix else model.name


def problems(model: Network, settings: StackSettings) -> list[str]:
    """Everything that DNS, certificates or delegations would fail at; each with where it was written."""
    if settings.gateways == "none":
        return list(_delegations_without_zone(settings))
    return [*_too_long(model), *_shared(model), *_delegations(model, settings)]


def _too_long(model: Network) -> Iterator[str]:
    for gateway in model.gateways():
        if why := too_long(gateway.host):
            yield f"{gateway.at}: {why}; shorten a name that it is made of"


def _shared(model: Network) -> Iterator[str]:
    """A host leads to one gateway, and one name is the load balancer's own."""
    first = {front(model): "the load balancer's address"}
    for gateway in model.gateways():
        if holder := first.get(gateway.host):
            yield f"{gateway.at}: the host `{gateway.host}` is that of {holder} already"
        first.setdefault(gateway.host, f"the {gateway.kind} at {gateway.at}")


def _delegations_without_zone(settings: StackSettings) -> Iterator[str]:
    if settings.delegations:
        at = settings.file.at((_DELEGATIONS,))
        yield f"{at}: `blossm:delegations` needs a zone, and with `blossm:gateways: none` there is none"


def _delegations(model: Network, settings: StackSettings) -> Iterator[str]:
    for stack, servers in settings.delegations.items():
        delegated, at = domain(model, stack), settings.file.at((_DELEGATIONS, stack))
        if not delegated.endswith(f".{model.host}"):
            yield f"{at}: `blossm:delegations` names `{stack}`, but `{delegated}` is not below `{model.host}`"
        elif delegated == front(model):
            yield f"{at}: `blossm:delegations` names `{stack}`, but `{delegated}` is the load balancer's own name"
        elif not servers:
            yield f"{at}: `blossm:delegations` names no name servers of `{stack}`; say `stack`, or list them"
