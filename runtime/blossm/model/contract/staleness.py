"""A network and its committed contract: what the contract is to be, and what of it is stale or would break somebody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from blossm.model.contract.build import contract
from blossm.model.contract.changes import breaking, unreserved
from blossm.model.contract.collisions import collisions
from blossm.model.contract.committed import FOLDER, Committed, committed
from blossm.model.contract.keeping import kept
from blossm.model.contract.naming import NETWORK, VIEWS
from blossm.model.contract.places import Places
from blossm.model.contract.text import GENERATED, proto_text
from blossm.model.contract.tree import File, all_messages
from blossm.model.diagnostics import Findings, Spot
from blossm.model.network import CommandSpec, EventStoreSpec, FactSpec, Network, Place, ViewStoreSpec

MAX_NAMED = 3  # names in one message

_ACCEPT = "or accept it, with `blossm proto --breaking`"


def due(network: Network, old: Committed | None) -> tuple[File, ...]:
    """The files that the contract is to consist of, each with what it is generated from."""
    sources = _sources(network)
    files = kept(network, old.files if old else ())
    return tuple(replace(file, comment=", ".join(sources.get(file.package, ()))) for file in files)


def _sources(network: Network) -> dict[str, list[str]]:
    """Package → the blossm.yaml files that it is made of."""
    found: dict[str, dict[str, None]] = {}
    for spec in network.procedures():
        match spec:
            case EventStoreSpec() | CommandSpec() | FactSpec():
                package = f"{spec.service}.{spec.domain}" if spec.domain else NETWORK
            case ViewStoreSpec():
                package = f"{VIEWS}.{spec.context}" if spec.context else VIEWS
            case _:
                continue
        found.setdefault(package, {})[spec.at.file] = None
    return {package: sorted(files) for package, files in found.items()}


def check_names(network: Network, places: Places, findings: Findings) -> None:
    """Refuse two things whose messages would have one name."""
    for one in collisions(network):
        message = f"{one.second} and {one.first} would both be `{one.name}` in the contract"
        findings.add("B710", message, places.named(one.at), help="give one of them another name")


def check_contract(
    network: Network, root: Path, places: Places, findings: Findings, *, against: Path | None = None
) -> None:
    """Tell what of a committed contract is stale, and what would break those who know it. None at all is fine.

    `against` is the root of another copy of the network: what would break those who know its contract is told as well.
    """
    old = readable(network, root, findings)
    earlier = committed(against, findings) if against else None
    if any(problem.code == "B702" for problem in findings.problems()):
        return
    new = due(network, old)
    if earlier:
        tell_breaks(new, earlier, places, findings)
    if old:
        broken = tell_breaks(new, old, places, findings)
        for package, spot, message in stale(new, old):
            if package not in broken:
                findings.add("B701", message, spot, help="run `blossm proto`")


def readable(network: Network, root: Path, findings: Findings) -> Committed | None:
    """The committed contract; None where there is none, and where something of it can't be read or lies in its way."""
    if not (root / FOLDER).is_dir():
        return None
    old = committed(root, findings)
    _check_in_the_way(contract(network), old, root, findings)
    return None if any(problem.code == "B702" for problem in findings.problems()) else old


def tell_breaks(new: Iterable[File], old: Committed, places: Places, findings: Findings) -> set[str]:
    """Tell what breaks who knows the old contract, where it stands in a blossm.yaml; answers the packages it is in."""
    changes = [*breaking(old.files, new), *unreserved(old.files)]
    for change in changes:
        spot = None if change.code == "B704" else places.spot(change.of, change.path)
        spot = spot or old.spot(change.of.full_name)
        findings.add(change.code, change.message, spot, help=f"{change.help}; {_ACCEPT}")
    return {change.of.full_name.rpartition(".")[0] for change in changes}


def stale(new: Iterable[File], old: Committed) -> Iterator[tuple[str, Spot, str]]:
    """Each file that is not as it is to be: its package, where it differs first, and how."""
    packages = {file.path: file.package for file in old.files}
    expected = {file.path: file for file in new}
    for path, file in expected.items():
        place = f"{FOLDER}/{path}"
        if path not in old.texts:
            yield file.package, Spot(Place(place, 1, 1)), "this file is not there yet"
        elif (text := proto_text(file)) != old.texts[path]:
            message = f"this file is not what the blossm.yaml says{_what_differs(file, old)}"
            yield file.package, _first_difference(text, old.texts[path], place), message
    for path in sorted(old.texts.keys() - expected.keys()):
        nowhere = Spot(Place(f"{FOLDER}/{path}", 1, 1))
        yield packages.get(path, ""), nowhere, "nothing of this file is in the network any more"


def _what_differs(new: File, old: Committed) -> str:
    """The names that are new or gone, where there are any."""
    before = {name for file in old.files if file.path == new.path for name in _names(file)}
    after = set(_names(new))
    said = [f"`{name}` is new" for name in sorted(after - before)] + [f"`{name}` is gone" for name in sorted(before - after)]
    more = f" and {len(said) - MAX_NAMED} more" if len(said) > MAX_NAMED else ""
    return f": {', '.join(said[:MAX_NAMED])}{more}" if said else ""


def _names(file: File) -> Iterator[str]:
    """Messages, and fields as `Painted.coats`, without the package."""
    for message in all_messages([file]):
        name = message.full_name.removeprefix(f"{file.package}.")
        yield name
        yield from (f"{name}.{field.name}" for field in message.fields)


def _first_difference(text: str, was: str, file: str) -> Spot:
    lines, others = was.split("\n"), text.split("\n")
    at = next((at for at, (line, other) in enumerate(zip(lines, others, strict=False)) if line != other), len(others))
    at = min(at, len(lines) - 1)
    line = lines[at]
    column = len(line) - len(line.lstrip()) + 1
    return Spot(Place(file, at + 1, column), max(1, len(line) - column + 1), line)


def _check_in_the_way(new: Iterable[File], old: Committed | None, root: Path, findings: Findings) -> None:
    """Refuse files where the contract is to be written that `blossm proto` did not write."""
    seen = {f"{FOLDER}/{path}" for path in (old.texts if old else ())} | {one.place.file for one in findings.problems()}
    for path in (f"{FOLDER}/{file.path}" for file in new):
        if path not in seen and ((root / path).exists() or (root / path).is_symlink()):
            message = f"this is not what `blossm proto` wrote: its first line does not begin with `{GENERATED.strip()}`"
            help = "take it back from version control, or move it and run `blossm proto`"
            findings.add("B702", message, Spot(Place(path, 1, 1)), help=help)
