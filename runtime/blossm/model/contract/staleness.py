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
from blossm.model.contract.naming import NETWORK, VIEWS, file_path
from blossm.model.contract.places import Places
from blossm.model.contract.planning import Step, steps
from blossm.model.contract.shipped import platform_files
from blossm.model.contract.text import GENERATED
from blossm.model.contract.tree import File, all_messages
from blossm.model.diagnostics import Findings, Spot
from blossm.model.network import CommandSpec, EventStoreSpec, FactSpec, Network, Place, ViewStoreSpec

MAX_NAMED = 3  # names in one message

_RENEW = "run `blossm proto`"
_NOT_THERE = "this file is not there; if it ever was, take it back from version control, as its numbers are in it"
_ACCEPT = "or accept it, with `blossm proto --breaking`"


def due(network: Network, old: Committed | None) -> tuple[File, ...]:
    """The files that the contract is to consist of, each with what it is generated from."""
    sources = _sources(network)
    files = kept(contract(network), old.files if old else ())
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
    earlier = _earlier(against / FOLDER, findings) if against else None
    if any(problem.code == "B702" for problem in findings.problems()):
        return
    new = due(network, old)
    if earlier:
        tell_breaks(new, earlier, places, findings)
    if old and not tell_breaks(new, old, places, findings):
        for spot, message in _stale(steps(root, new, old), new, old):
            findings.add("B701", message, spot, help=_RENEW)


def readable(network: Network, root: Path, findings: Findings) -> Committed | None:
    """The committed contract; None where there is none, and where something of it can't be read or lies in its way."""
    if not _is_there(root / FOLDER):
        return None
    old = committed(root / FOLDER, FOLDER, findings)
    _check_in_the_way(network, old, root, findings)
    return None if any(problem.code == "B702" for problem in findings.problems()) else old


def _earlier(folder: Path, findings: Findings) -> Committed | None:
    return committed(folder, str(folder), findings) if _is_there(folder) else None


def tell_breaks(new: Iterable[File], old: Committed, places: Places, findings: Findings) -> bool:
    """Tell what breaks who knows the old contract, where it stands in a blossm.yaml; answers whether anything does."""
    changes = [*breaking(old.files, new), *unreserved(old.files)]
    for change in changes:
        spot = None if change.code == "B704" else places.spot(change.of, change.path)
        spot = spot or old.spot(change.of.full_name)
        findings.add(change.code, change.message, spot, help=f"{change.help}; {_ACCEPT}")
    return bool(changes)


def _stale(planned: Iterable[Step], new: Iterable[File], old: Committed) -> Iterator[tuple[Spot, str]]:
    """Each file that `blossm proto` would write: where it differs first, and how. The platform's are told at once."""
    ours = {f"{FOLDER}/{file.path}": file for file in new}
    due = [step for step in planned if step.does != "leave"]
    for step in due:
        if step.path in ours and step.does == "add":
            yield Spot(Place(step.path, 1, 1)), _NOT_THERE
        elif step.path in ours:
            message = f"this file is not what the blossm.yaml says{_what_differs(ours[step.path], old)}"
            yield _first_difference(step.text, old.texts[step.path.removeprefix(f"{FOLDER}/")], step.path), message
    if of_platform := [step for step in due if step.path not in ours]:
        yield Spot(Place(of_platform[0].path, 1, 1)), "the platform's own files are not those of this version of blossm"


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


def _check_in_the_way(network: Network, old: Committed | None, root: Path, findings: Findings) -> None:
    """Refuse what lies where the contract is to be written, and `blossm proto` did not write."""
    known = {one.place.file for one in findings.problems()} | {f"{FOLDER}/{path}" for path in (old.texts if old else ())}
    platform = {f"{FOLDER}/{path}" for path in platform_files()}
    for path in sorted({f"{FOLDER}/{file_path(package)}" for package in _sources(network)} | platform):
        above = [folder.as_posix() for folder in reversed(Path(path).parents)][1:]
        no_folder = next((folder for folder in above if _is_there(root / folder) and not (root / folder).is_dir()), "")
        in_the_way = _is_there(root / path) and (path not in platform or (root / path).is_dir())
        if (odd := no_folder or (path if in_the_way else "")) and odd not in known:
            known.add(odd)
            message = _NO_FOLDER if no_folder else _NOT_OURS
            help = "take it back from version control, or move it and run `blossm proto`"
            findings.add("B702", message, Spot(Place(odd, 1, 1)), help=help)


_NO_FOLDER = "this is no folder, and `blossm proto` has to write into it"
_NOT_OURS = f"this is not what `blossm proto` wrote: its first line does not begin with `{GENERATED.strip()}`"


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()
