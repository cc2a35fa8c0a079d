"""The whole network in the cloud."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pulumi
from pulumi.runtime import is_dry_run

from blossm.model.network import Network as Model
from blossm_infra import naming
from blossm_infra.container import container
from blossm_infra.context import Context, ContextArgs
from blossm_infra.deployed import Deployed, callers, deployed, dispatched, listened_to
from blossm_infra.dispatcher import Dispatcher, DispatcherArgs
from blossm_infra.foundation import Foundation, FoundationArgs
from blossm_infra.gateways import hosts
from blossm_infra.gateways.gateways import Gateways, GatewaysArgs
from blossm_infra.keeping import Guard, begin_hooks, begun_once
from blossm_infra.last_deployed import last_deployment, remember, this_deployment
from blossm_infra.procedure import Procedure, ProcedureArgs
from blossm_infra.refusals import refuse_to_lose
from blossm_infra.service import Service, ServiceArgs
from blossm_infra.settings import StackSettings, refuse, strangers, without_seed
from blossm_infra.stores.needed import needed_stores
from blossm_infra.stores.problems import store_problems
from blossm_infra.understood import tell


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """`model` is the network as its blossm.yaml files describe it, for the environment of `settings`."""

    model: Model
    settings: StackSettings


class Network(pulumi.ComponentResource):
    """Every procedure of a network, what they stand on, who may call whom, and how the world reaches its gateways.

    Idle cost: that of its clusters, gateways, schedules and kept instances: the program counts it, and logs it first.
    """

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        model, settings = args.model, args.settings
        self._parts = _checked(model, settings)
        last, this = last_deployment(), this_deployment(model, settings)
        refuse_to_lose(last, this, stack=settings.stack)
        begin_hooks(begun=last.begun)
        costs = tell(model, settings)
        super().__init__("blossm:infra:Network", name, None, opts)
        self._foundation = self._stand(args)
        self._site = self._foundation.site
        self._stores = needed_stores(self._site, opts=self._below())
        self._services = {service: self._service(service) for service in model.services}
        self._contexts = [self._context(context) for context in _contexts(self._parts)]
        self._own = [self._procedure(part) for part in _outside(self._parts)]
        self.procedures = {procedure.ref: procedure for procedure in self._all()}
        self._dispatcher = self._dispatch()
        self._bind(model)
        self._wake(model)
        self.hosts = {gateway.address: gateway.host for gateway in model.gateways()}
        self.counts = dict(Counter(procedure.kind for procedure in model.procedures()))
        self._gateways = self._open()
        self.addresses = self._gateways.addresses
        remember(this, after=last, done=self._guard())
        told = {"hosts": self.hosts, "addresses": self.addresses, "counts": self.counts, "idle_cost": costs.as_dict()}
        self.register_outputs(told)

    def export(self) -> None:
        """What people read: gateways' host names, where they answer, how many procedures there are of each kind.

        What the next deployment must know of this one is exported without it.
        """
        pulumi.export("hosts", self.hosts)
        pulumi.export("addresses", self.addresses)
        pulumi.export("counts", self.counts)
        pulumi.export("name_servers", self._gateways.name_servers)

    def _stand(self, args: NetworkArgs) -> Foundation:
        return Foundation(
            naming.component("foundation"),
            FoundationArgs(model=args.model, settings=args.settings),
            opts=pulumi.ResourceOptions.merge(pulumi.ResourceOptions(parent=self), begun_once(args.settings)),
        )

    def _below(self) -> pulumi.ResourceOptions:
        """Nothing starts before Google's APIs are there."""
        return pulumi.ResourceOptions(parent=self, depends_on=self._foundation.ready)

    def _service(self, service: str) -> Service:
        members = [part for part in self._parts if part.first.service == service and not _is_view(part)]
        logs = [part for part in members if part.ref.kind == "event-store"]
        others = [part for part in members if part.ref.kind != "event-store"]
        domains = dict.fromkeys(part.first.domain for part in others if part.first.domain)
        return Service(
            naming.component("service", service),
            ServiceArgs(
                service=service,
                event_store=logs[0] if logs else None,
                own=tuple(part for part in others if not part.first.domain),
                domains={domain: tuple(p for p in others if p.first.domain == domain) for domain in domains},
                site=self._site,
                store=self._stores.get("event-store"),
            ),
            opts=self._below(),
        )

    def _context(self, context: str) -> Context:
        members = tuple(part for part in self._parts if _is_view(part) and part.first.context == context)
        return Context(
            naming.component("context", context) if context else naming.component("views-without-context"),
            ContextArgs(context=context, procedures=members, site=self._site, store=self._stores.get("view-store")),
            opts=self._below(),
        )

    def _procedure(self, what: Deployed) -> Procedure:
        return Procedure(naming.service_name(what.ref), ProcedureArgs(what=what, site=self._site), opts=self._below())

    def _all(self) -> Iterator[Procedure]:
        for service in self._services.values():
            yield from service.procedures()
        for context in self._contexts:
            yield from context.procedures
        yield from self._own

    def _dispatch(self) -> Dispatcher:
        return Dispatcher(
            naming.dispatcher(),
            DispatcherArgs(
                site=self._site,
                push=self._foundation.push,
                scheduler=self._foundation.scheduler,
                topics={name: service.wake_ups for name, service in self._services.items() if service.wake_ups},
            ),
            opts=self._below(),
        )

    def _bind(self, model: Model) -> None:
        """The model's edges, Pub/Sub's at the projections, the dispatcher's at what it calls: there are no other bindings."""
        for callee, allowed in callers(model).items():
            accounts = {self.procedures[ref].name: self.procedures[ref].account for ref in allowed}
            if callee.kind == "projection":
                accounts[naming.push_account()] = self._foundation.push
            if self._dispatcher.account and callee in dispatched(model):
                accounts[naming.dispatcher()] = self._dispatcher.account
            self.procedures[callee].admit(accounts)

    def _wake(self, model: Model) -> None:
        listeners = {ref: listened_to(model, ref) for ref in self.procedures if ref.kind == "projection"}
        for name, service in self._services.items():
            if service.wake_ups:
                awake = [self.procedures[ref] for ref, services in listeners.items() if name in services]
                service.wake_ups.tell(awake, push=self._foundation.push)

    def _open(self) -> Gateways:
        doors = {gateway.host: self.procedures[gateway.ref] for gateway in self._site.model.gateways()}
        return Gateways(naming.component("gateways"), GatewaysArgs(site=self._site, procedures=doors), opts=self._below())

    def _guard(self) -> Guard:
        parts = [self._foundation, *self._stores.values(), *self._services.values(), *self._contexts, *self._own]
        behind = [*parts, self._dispatcher, self._gateways]
        return Guard(naming.component("guard"), settings=self._site.settings, behind=behind, parent=self)


def _checked(model: Model, settings: StackSettings) -> tuple[Deployed, ...]:
    """Everything that will run. Raises `pulumi.RunError`, with all that is wrong, before anything is registered."""
    if model.environment != settings.environment:
        raise pulumi.RunError(f"stack `{settings.stack}` is {settings.environment}; this network is {model.environment}")
    refuse([*strangers(model, settings), *([] if is_dry_run() else without_seed(settings))], settings.file)
    parts, wrong = tuple(deployed(model).values()), []
    for part in parts:
        try:
            container(part, settings)
        except pulumi.RunError as error:
            wrong.append(str(error))
    wrong.extend(hosts.problems(model, settings))
    wrong.extend(store_problems(model, settings))
    if wrong:
        raise pulumi.RunError("\n".join(wrong))
    return parts


def _is_view(part: Deployed) -> bool:
    return part.ref.kind in ("view-store", "projection", "view-gateway")


def _contexts(parts: Iterable[Deployed]) -> list[str]:
    return list(dict.fromkeys(part.first.context for part in parts if _is_view(part)))


def _outside(parts: Iterable[Deployed]) -> list[Deployed]:
    """The facts of the network itself, and the gateway to them."""
    return [part for part in parts if not part.first.service and not _is_view(part)]
