"""`blossm indexes`: which collections and indexes logs and view stores have on MongoDB, and making them."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from blossm.cli.place import json_option, network_at, network_option, root_of
from blossm.cli.servers import STORE, store_option

if TYPE_CHECKING:
    from blossm.adapters.mongodb.client import Database
    from blossm.adapters.mongodb.indexes import Step
    from blossm.model.indexes import IndexPlan
    from blossm.model.network import Network
    from blossm.serve.where import Server

Document = dict[str, Any]

database_option = click.option(
    "--database", envvar="BLOSSM_DATABASE", default="", metavar="NAME", help="The database of this log or view store."
)


@dataclass(frozen=True, slots=True)
class Planned:
    """A log or a view store by its name (`event-store/shop`, `view-store/garage.bicycles`), its plan and its database."""

    name: str
    plan: IndexPlan
    database: str


@click.group()
def indexes() -> None:
    """Make the collections and indexes of logs and view stores on MongoDB, or show which they are."""


@indexes.command()
@click.argument("address", required=False, default="", metavar="[KIND/ADDRESS]")
@store_option
@database_option
@network_option
@json_option
def plan(address: str, *, store: Server | None, database: str, directory: Path | None, as_json: bool) -> int:
    """Show the collections and indexes of a log (event-store/SERVICE), of a view store (view-store/ADDRESS), or of all.

    With --store also what of them is missing there: then the exit code is 1 where something is.
    """
    network = network_at(root_of(directory))
    planned = _planned(network, address, database=database)
    lacking = asyncio.run(_missing(planned, _with_user(store))) if store else {}
    if as_json:
        stores = [_document(one, lacking.get(one.name)) for one in planned]
        click.echo(json.dumps({"network": network.name, "stores": stores}))
    else:
        for one in planned:
            for line in _lines(one, lacking.get(one.name)):
                click.echo(line)
    return 1 if any(lacking.values()) else 0


@indexes.command()
@click.argument("address", metavar="KIND/ADDRESS")
@store_option
@database_option
@network_option
@json_option
def apply(address: str, *, store: Server | None, database: str, directory: Path | None, as_json: bool) -> None:
    """Make the collections and indexes that a log (event-store/SERVICE) or a view store (view-store/ADDRESS) lacks.

    Nothing is dropped, and applying twice changes nothing. It takes a user who may create collections and indexes, and list
    indexes, and no more.
    """
    if store is None or not database:
        raise click.UsageError(f"say where: --store URI (or {STORE}), and --database NAME (or BLOSSM_DATABASE)")
    (one,) = _planned(network_at(root_of(directory)), address, database=database)
    click.echo(f"{one.name}: the database {database} on {store.shown}", err=True)
    done = asyncio.run(_apply(one, _with_user(store)))
    for line in _summary(done):
        click.echo(line, err=True)
    if as_json:
        click.echo(json.dumps(done))


def _planned(network: Network, address: str, *, database: str) -> list[Planned]:
    """What is named, or all that has a plan; by default in the databases that `blossm dev --log` has."""
    from blossm.local.databases import database_of, refs_of
    from blossm.model.diagnostics import did_you_mean
    from blossm.model.indexes import index_plan

    if database and not address:
        raise click.UsageError("a database is that of one log or view store: name this one too, as KIND/ADDRESS")
    refs = {f"{ref.kind}/{ref.address}": ref for ref in refs_of(network)}
    if address.startswith("event-store/") and address.partition("/")[2] in network.event_stores:
        address = address.partition(".")[0]  # its log is that of all event stores of the service
    if address and address not in refs:
        help = did_you_mean(address, refs) or f"there are {', '.join(refs)}"
        raise click.UsageError(f"{address} is no log and no view store of {network.name}: {help}")
    return [
        Planned(name, index_plan(network, ref), database or database_of(network.name, ref))
        for name, ref in refs.items()
        if address in ("", name)
    ]


def _with_user(store: Server) -> Server:
    """The server, with who comes in: where its address has another way than a password, nobody is named."""
    return type(store)(
        store.address, os.environ.get("BLOSSM_STORE_USER", ""), os.environ.get("BLOSSM_STORE_PASSWORD", "")
    )


# ---------------------------------------------------------------- on the server


@asynccontextmanager
async def _opened(one: Planned, server: Server) -> AsyncIterator[Database]:
    from blossm.serve.storage import client_of

    mongo = client_of(server)
    try:
        yield mongo.database(one.database)
    finally:
        await mongo.close()


async def _missing(planned: list[Planned], server: Server) -> dict[str, list[str]]:
    found = {}
    for one in planned:
        async with _opened(one, server) as database:
            from blossm.adapters.mongodb.indexes import missing

            found[one.name] = await missing(database, one.plan)
    return found


async def _apply(one: Planned, server: Server) -> Document:
    began, steps = time.monotonic(), []
    async with _opened(one, server) as database:
        from blossm.adapters.mongodb.indexes import apply, beyond

        async for step in apply(database, one.plan):
            _tell(step)
            steps.append(step)
        others = await beyond(database, one.plan)
    return {
        "store": one.name,
        "database": one.database,
        "made": [_step(step) | {"new": step.new} for step in steps if step.phase == "made"],
        "there": [_step(step) for step in steps if step.phase == "there"],
        "not_in_the_plan": others,
        "seconds": round(time.monotonic() - began, 3),
    }


# ---------------------------------------------------------------- in words


def _document(one: Planned, lacking: list[str] | None) -> Document:
    known = {} if lacking is None else {"missing": lacking}
    plan = asdict(one.plan)["collections"]
    return {"store": one.name, "database": one.database, "collections": plan, "fingerprint": one.plan.fingerprint, **known}


def _lines(one: Planned, lacking: list[str] | None) -> Iterator[str]:
    yield f"{one.name}  database {one.database}"
    for collection in one.plan.collections:
        yield f"  {collection.name}"
        for index in collection.indexes:
            yield f"    {index.words}"
    for what in lacking or ():
        yield f"  missing: {what}"
    if lacking == []:
        yield "  all of it is there"


def _step(step: Step) -> Document:
    return {"collection": step.collection, "indexes": list(step.indexes)}


def _tell(step: Step) -> None:
    """A line for each collection, before and after: to make the indexes of a large one takes a while."""
    indexes = f": {'; '.join(step.indexes)}" if step.indexes else ""
    click.echo(f"  {step.collection} {f'is {step.phase}' if step.phase == 'there' else step.phase}{indexes}", err=True)


def _summary(done: Document) -> Iterator[str]:
    for what in done["not_in_the_plan"]:
        yield f"  not in the plan: the index {what}; it costs writes, and whoever knows that nobody needs it may drop it"
    collections = sum(made["new"] for made in done["made"])
    made = sum(len(made["indexes"]) for made in done["made"])
    if done["made"]:
        yield f"made {_counted(collections, 'collection')} and {_counted(made, 'index')} in {done['seconds']:g} s"
    else:
        yield "nothing was missing"


def _counted(count: int, what: str) -> str:
    return f"{count} {what if count == 1 else 'indexes' if what == 'index' else f'{what}s'}"
