"""How each kind of procedure is put together from its spec, its stores and its clients: the same way wherever it stands."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from blossm.core.appender import Appender
from blossm.handlers.folds import fold_of
from blossm.handlers.modules import Modules
from blossm.model.network import (
    CommandGatewaySpec,
    CommandSpec,
    FactGatewaySpec,
    FactSpec,
    Network,
    ProjectionSpec,
    ViewGatewaySpec,
    ViewStoreSpec,
)
from blossm.ports import Bus, Clients, Clock, Keys, LogStore, StateStore, ViewStore
from blossm.procedures.command import CommandProcedure
from blossm.procedures.event_store import EventStores
from blossm.procedures.fact import FactProcedure
from blossm.procedures.projection import ProjectionProcedure
from blossm.procedures.view_store import ViewStoreProcedure

if TYPE_CHECKING:
    from starlette.types import ASGIApp


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """Puts procedures together. Each method raises HandlerError when one of the user's modules fails to import."""

    network: Network
    modules: Modules
    clock: Clock

    def event_stores(
        self, service: str, *, log: LogStore, states: StateStore, bus: Bus, closing: AsyncExitStack
    ) -> EventStores:
        """All event stores of a service. `closing` gets what has to be closed, before the stores are."""
        stores = self.network.stores_of(service)
        appender = Appender(store=log, clock=self.clock, bus=bus, service=service)
        closing.push_async_callback(appender.close)
        event_stores = EventStores(
            service=service,
            network=self.network.name,
            stores=stores,
            folds={domain: fold_of(store, self.modules) for domain, store in stores.items()},
            appender=appender,
            log=log,
            states=states,
            clock=self.clock,
            bus=bus,
        )
        closing.push_async_callback(event_stores.close)
        return event_stores

    def command(self, spec: CommandSpec, *, clients: Clients) -> CommandProcedure:
        return CommandProcedure(
            spec=spec, network=self.network, modules=self.modules, clients=clients, clock=self.clock
        )

    def fact(self, spec: FactSpec, *, clients: Clients) -> FactProcedure:
        return FactProcedure(spec=spec, network=self.network, modules=self.modules, clients=clients, clock=self.clock)

    def view_store(self, spec: ViewStoreSpec, *, store: ViewStore) -> ViewStoreProcedure:
        return ViewStoreProcedure(
            spec=spec, network=self.network, store=store, modules=self.modules, clock=self.clock
        )

    def projection(self, spec: ProjectionSpec, *, clients: Clients, bus: Bus) -> ProjectionProcedure:
        return ProjectionProcedure(
            spec=spec, network=self.network, modules=self.modules, clients=clients, bus=bus, clock=self.clock
        )

    def gateway(
        self, spec: CommandGatewaySpec | FactGatewaySpec | ViewGatewaySpec, *, clients: Clients, keys: Keys
    ) -> ASGIApp:
        """The application of a gateway, which believes these keys."""
        # Only who serves HTTP needs a web framework.
        from blossm.procedures.command_gateway import CommandGateway
        from blossm.procedures.fact_gateway import FactGateway
        from blossm.procedures.view_gateway import ViewGateway

        network, clock = self.network, self.clock
        match spec:
            case CommandGatewaySpec():
                return CommandGateway(spec=spec, network=network, clients=clients, keys=keys, clock=clock).app
            case FactGatewaySpec():
                return FactGateway(spec=spec, network=network, clients=clients, keys=keys, clock=clock).app
            case ViewGatewaySpec():
                return ViewGateway(spec=spec, network=network, clients=clients, keys=keys, clock=clock).app
            case _:
                assert_never(spec)
