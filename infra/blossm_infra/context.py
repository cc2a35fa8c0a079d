"""The read side in the cloud."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from blossm_infra import naming
from blossm_infra.deployed import Deployed
from blossm_infra.indexes import IndexJob, IndexJobArgs
from blossm_infra.procedure import Procedure, ProcedureArgs
from blossm_infra.replay import ReplayJob, ReplayJobArgs
from blossm_infra.site import Site
from blossm_infra.stores.store import Store


@dataclass(frozen=True, kw_only=True)
class ContextArgs:
    """`procedures` are the context's view stores, projections and view gateway; `context` is empty for views without one.

    `store` is None in a network without view stores.
    """

    context: str
    procedures: tuple[Deployed, ...]
    site: Site
    store: Store | None


class Context(pulumi.ComponentResource):
    """The view stores, projections and view gateway of one context, or of the views without one.

    What wakes its projections stands at the services they listen to. Idle cost: that of its procedures.
    """

    def __init__(self, name: str, args: ContextArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:Context", name, None, opts)
        self.procedures = tuple(self._procedure(what, args) for what in args.procedures)
        self.register_outputs({"context": args.context})

    def _procedure(self, what: Deployed, args: ContextArgs) -> Procedure:
        match what.ref.kind:
            case "view-store" if args.store:
                return self._view_store(what, args.store, args.site)
            case "projection":
                return self._projection(what, args.site)
            case _:
                return self._gateway(what, args.site)

    def _gateway(self, what: Deployed, site: Site) -> Procedure:
        opts = pulumi.ResourceOptions(parent=self)
        return Procedure(naming.service_name(what.ref), ProcedureArgs(what=what, site=site), opts=opts)

    def _projection(self, what: Deployed, site: Site) -> Procedure:
        below = pulumi.ResourceOptions(parent=self)
        projection = Procedure(naming.service_name(what.ref), ProcedureArgs(what=what, site=site), opts=below)
        replay = ReplayJobArgs(what=what, site=site, projection=projection)
        ReplayJob(naming.replay_job(what.ref), replay, opts=below)
        return projection

    def _view_store(self, what: Deployed, store: Store, site: Site) -> Procedure:
        below = pulumi.ResourceOptions(parent=self)
        indexes = IndexJob(
            naming.index_job(what.ref),
            IndexJobArgs(what=what, site=site, connect=store.indexing(what)),
            opts=below,
        )
        return Procedure(
            naming.service_name(what.ref),
            ProcedureArgs(what=what, site=site, connect=store.serving(what), after=indexes.done),
            opts=below,
        )
