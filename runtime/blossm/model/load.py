"""A network's files → `Network`, or all that is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from blossm.model.contract.build import contract
from blossm.model.contract.committed import Committed
from blossm.model.contract.keeping import kept, numbers_of
from blossm.model.contract.places import Places
from blossm.model.contract.staleness import check_contract, check_names, due, readable, tell_breaks
from blossm.model.contract.tree import File
from blossm.model.diagnostics import Findings, InvalidNetwork, Problem, Spot
from blossm.model.documents import understand
from blossm.model.headers import Hierarchy
from blossm.model.link.linking import link
from blossm.model.link.python import Modules
from blossm.model.network import ENVIRONMENTS, Environment, Network, Place
from blossm.model.search import FILE, find_files, find_root, says_network
from blossm.model.source import documents, read_text

__all__ = ["check", "find_root", "load"]


def load(directory: Path, *, environment: Environment = "development") -> Network:
    """The network in a folder, for one environment. Raises InvalidNetwork."""
    draft = _read(Path(directory))
    network = draft.link(environment)
    if network and draft.is_sound():
        network = draft.numbered(network)
    if draft.findings.errors() or network is None:
        raise InvalidNetwork(draft.findings.problems())
    return network


def check(directory: Path, *, against: Path | None = None) -> list[Problem]:
    """Everything that is wrong with the network in a folder, in any environment. Never raises for what is in the files.

    `against` is the root of an earlier copy of it: what breaks who knows the contract that was committed there is told too.
    """
    draft = _read(Path(directory))
    networks = {environment: draft.link(environment) for environment in ENVIRONMENTS}
    if (network := networks["production"]) and draft.is_sound():
        places = Places(draft.hierarchy.procedures)
        check_names(network, places, draft.findings)
        check_contract(network, draft.root, places, draft.findings, against=against)
    return draft.findings.problems()


def load_contract(directory: Path) -> Contract:
    """The contract of the network in a folder, beside what was committed of it. Raises InvalidNetwork."""
    draft = _read(Path(directory))
    network = draft.link("production")
    if network and draft.is_sound():
        places = Places(draft.hierarchy.procedures)
        check_names(network, places, draft.findings)
        old = readable(network, draft.root, draft.findings)
        if not draft.findings.errors():
            files, breaks = due(network, old), Findings()
            if old:
                tell_breaks(files, old, places, breaks)
            return Contract(draft.root, files, old, tuple(breaks.problems()))
    raise InvalidNetwork(draft.findings.problems())


@dataclass(frozen=True, slots=True)
class Contract:
    """What a network's contract is to be, what it was, and what of that would break somebody."""

    root: Path
    files: tuple[File, ...]
    old: Committed | None
    breaks: tuple[Problem, ...]


@dataclass(slots=True)
class _Draft:
    """The documents of a network, each read once, to be linked for one environment or for all."""

    root: Path
    findings: Findings
    hierarchy: Hierarchy
    modules: Modules
    complete: bool

    def link(self, environment: Environment) -> Network | None:
        """None where there is nothing to link; what is wrong is among the findings."""
        if not self.hierarchy.chains and not self.hierarchy.procedures:
            return None
        return link(self.hierarchy, self.root, environment, self.modules, complete=self.complete)

    def is_sound(self) -> bool:
        """Whether every field could be read, so that a contract can be made of them."""
        return not any(error.code.startswith(_OF_FIELDS) for error in self.findings.errors())

    def numbered(self, network: Network) -> Network:
        """The network with the numbers of its committed contract, completed; without one they go in the order of the fields."""
        check_names(network, Places(self.hierarchy.procedures), self.findings)
        old = readable(network, self.root, self.findings)
        return replace(network, numbers=numbers_of(kept(contract(network), old.files if old else ())))


_OF_FIELDS = ("B0", "B1", "B307", "B6")


def _read(directory: Path) -> _Draft:
    root, findings = directory.resolve(), Findings()
    hierarchy = Hierarchy(findings)
    complete = True
    if (root / FILE).is_file():
        for path in find_files(root, findings):
            complete &= _read_file(path, root, hierarchy, findings)
        complete &= all(problem.code != "B003" for problem in findings.problems())
        _check_headers(hierarchy, root, findings, complete=complete)
    else:
        _tell_nothing_here(directory, root, findings)
    return _Draft(root, findings, hierarchy, Modules(root, findings), complete)


def _read_file(path: Path, root: Path, hierarchy: Hierarchy, findings: Findings) -> bool:
    """Add one file's documents; False where some of it could not be read."""
    source = read_text(path, path.relative_to(root).as_posix(), findings)
    if source is None:
        return False
    found = list(documents(source, findings))
    whole = not findings.has_any(("B002", "B004", "B005", "B006"), source.file)
    understood = [understand(document, findings) for document in found]
    hierarchy.add_file(source.file.rpartition("/")[0], [one for one in understood if one])
    return whole and all(understood)


def _check_headers(hierarchy: Hierarchy, root: Path, findings: Findings, *, complete: bool) -> None:
    """Refuse a network without its header, and one with two."""
    headers = [chain[-1] for chain in hierarchy.chains if chain[-1].kind == "network"]
    for header in headers[1:]:
        help = f"the first one is at {headers[0].document.key('network').place}"
        findings.add("B121", "a second `network:`", header.document.key("network"), help=help)
    if not headers and complete:
        above = next((folder for folder in root.parents if says_network(folder / FILE)), None)
        help = f"the network's folder is `{above}`" if above else "the root's first document says `network: shop.example`"
        findings.add("B120", "no document says which network this is", Spot(Place(FILE, 1, 1)), help=help)


def _tell_nothing_here(directory: Path, root: Path, findings: Findings) -> None:
    if not root.is_dir():
        message, help = "there is no such folder", ""
    else:
        message = f"there is no `{FILE}` in this folder"
        help = "a network's folder has one that begins with `network: shop.example`"
        if (root / "blossm.yml").is_file():
            help = "rename `blossm.yml`"
    findings.add("B001", message, Spot(Place(str(directory), 1, 1)), help=help)
