"""The calls that a network makes by itself, when their time has come: those for later, and those of schedules."""

from __future__ import annotations

from blossm.local.outbox import Outbox, services_that_call
from blossm.local.scheduler import Scheduler
from blossm.local.timers import TimerTable
from blossm.model.network import Network
from blossm.ports import Bus, Clients, Clock
from blossm.serve.kept import Kept


def has_timed_calls(network: Network) -> bool:
    """Whether a network makes calls by itself at all; one that does not needs no timer table."""
    return any(command.schedule for command in network.commands.values()) or bool(services_that_call(network))


def make_timed_calls(
    network: Network, *, clients: Clients, table: TimerTable, bus: Bus, clock: Clock, kept: Kept
) -> None:
    """Make them, as the operator, for as long as `kept` keeps its parts running. Schedules have their timers at once."""
    logs = {service: clients.event_stores(service) for service in services_that_call(network)}
    scheduler = Scheduler(network=network, clients=clients, table=table, clock=clock)
    scheduler.schedule()
    kept.run("outbox", Outbox(logs=logs, table=table, bus=bus).run)
    kept.run("scheduler", scheduler.run)
