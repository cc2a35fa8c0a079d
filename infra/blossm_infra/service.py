"""The write side in the cloud."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pulumi

from blossm_infra import naming
from blossm_infra.deployed import Deployed
from blossm_infra.event_store import EventStore, EventStoreArgs
from blossm_infra.indexes import IndexJob, IndexJobArgs
from blossm_infra.procedure import Procedure, ProcedureArgs, procedures
from blossm_infra.site import Site
from blossm_infra.stores.store import Store
from blossm_infra.wake_ups import WakeUps, WakeUpsArgs


@dataclass(frozen=True, kw_only=True)
class DomainArgs:
    """`procedures` are the domain's commands, facts and gateways; its event store runs with its service's log."""

    domain: str
    procedures: tuple[Deployed, ...]
    site: Site


class Domain(pulumi.ComponentResource):
    """The commands, facts and gateways of one domain. Idle cost: that of its procedures."""

    def __init__(self, name: str, args: DomainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:Domain", name, None, opts)
        self.procedures = procedures(args.procedures, args.site, parent=self)
        self.register_outputs({"domain": args.domain})


@dataclass(frozen=True, kw_only=True)
class ServiceArgs:
    """`event_store` is None for a service without a log, and `store` in a network without any.

    `own` are the procedures that belong to none of the service's domains.
    """

    service: str
    event_store: Deployed | None
    own: tuple[Deployed, ...]
    domains: Mapping[str, tuple[Deployed, ...]]
    site: Site
    store: Store | None


class Service(pulumi.ComponentResource):
    """A service: the topic of its wake-ups, the event store that serves its log, and its domains.

    Idle cost: that of its procedures; in shape `full` the event store keeps one instance with a CPU.
    """

    def __init__(self, name: str, args: ServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:Service", name, None, opts)
        self.wake_ups: WakeUps | None = None
        self._event_store = self._log(args.event_store, args.store, args) if args.event_store and args.store else ()
        self._own = procedures(args.own, args.site, parent=self)
        self._domains = [
            Domain(
                naming.component("domain", args.service, domain),
                DomainArgs(domain=domain, procedures=members, site=args.site),
                opts=pulumi.ResourceOptions(parent=self),
            )
            for domain, members in args.domains.items()
        ]
        self.register_outputs({"service": args.service})

    def procedures(self) -> Iterator[Procedure]:
        yield from self._event_store
        yield from self._own
        for domain in self._domains:
            yield from domain.procedures

    def _log(self, event_store: Deployed, store: Store, args: ServiceArgs) -> tuple[Procedure]:
        below = pulumi.ResourceOptions(parent=self)
        for spec in args.site.model.stores_of(args.service).values():
            EventStore(
                naming.component("event-store", *spec.address.split(".")),
                EventStoreArgs(spec=spec, settings=args.site.settings),
                parent=self,
            )
        indexes = IndexJob(
            naming.index_job(event_store.ref),
            IndexJobArgs(what=event_store, site=args.site, connect=store.indexing(event_store)),
            opts=below,
        )
        self.wake_ups = WakeUps(naming.topic(args.service), WakeUpsArgs(service=args.service, site=args.site), opts=below)
        procedure = Procedure(
            naming.service_name(event_store.ref),
            ProcedureArgs(
                what=event_store,
                site=args.site,
                env={"BLOSSM_WAKE_UPS": self.wake_ups.topic.id},
                connect=store.serving(event_store),
                after=indexes.done,
            ),
            opts=below,
        )
        self.wake_ups.sent_by(naming.service_name(event_store.ref), procedure.account)
        return (procedure,)
