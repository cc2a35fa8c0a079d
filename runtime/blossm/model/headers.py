"""What headers say, handed down: along a file, and from a folder to the folders below it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from blossm.model.diagnostics import Findings
from blossm.model.documents import Header, Procedure
from blossm.model.schema.headers import ShapeKeys

SCOPES = ("service", "domain", "context")


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a document belongs, and the headers that say so, the widest first."""

    service: str = ""
    domain: str = ""
    context: str = ""
    network_headers: tuple[Header, ...] = ()
    service_headers: tuple[Header, ...] = ()
    domain_headers: tuple[Header, ...] = ()
    context_headers: tuple[Header, ...] = ()

    @property
    def write_side(self) -> tuple[Header, ...]:
        return self.network_headers + self.service_headers + self.domain_headers

    @property
    def read_side(self) -> tuple[Header, ...]:
        """The read side takes nothing from service and domain headers."""
        return self.network_headers + self.context_headers


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A procedure and its scope. What the document itself says of service, domain and context is in the scope."""

    procedure: Procedure
    scope: Scope

    @property
    def headers(self) -> tuple[Header, ...]:
        return self.scope.read_side if is_read_side(self.procedure) else self.scope.write_side


def is_read_side(procedure: Procedure) -> bool:
    return procedure.kind in ("view-store", "projection", "view-gateway")


@dataclass(slots=True)
class Hierarchy:
    """The network's folders, file by file, each after those above it."""

    findings: Findings
    chains: list[tuple[Header, ...]] = field(default_factory=list)  # each header after those above it
    procedures: list[Placed] = field(default_factory=list)
    _below: dict[str, tuple[Scope, str]] = field(default_factory=dict)  # folder → scope for below, file with several

    def add_file(self, folder: str, things: Iterable[Header | Procedure]) -> None:
        """Take one file's headers and procedures in their order."""
        above, several = self._above(folder)
        scope, seen, told = above, set[str](), False
        for thing in things:
            match thing:
                case Header():
                    if thing.kind in seen and thing.kind in SCOPES:
                        several = thing.document.file
                    seen.add(thing.kind)
                    scope = self._enter(thing, scope, above)
                    chain = scope.read_side if thing.kind == "context" else scope.write_side
                    self.chains.append(chain[: chain.index(thing) + 1])
                case Procedure():
                    if several not in ("", thing.document.file) and not told:
                        told = True
                        self._tell_several(thing, several)
                    self.procedures.append(Placed(thing, self._own(thing, scope)))
        self._below[folder] = (scope, several)

    def _above(self, folder: str) -> tuple[Scope, str]:
        while folder:
            folder = folder.rpartition("/")[0]
            if folder in self._below:
                return self._below[folder]
        return Scope(), ""

    def _enter(self, header: Header, scope: Scope, above: Scope) -> Scope:
        """The scope after a header. One further down in its file begins anew from what is above the file."""
        match header.kind:
            case "network":
                return replace(scope, network_headers=(*scope.network_headers, header))
            case "service":
                self._agree(header, "service", header.name, above.service)
                kept = above if above.service == header.name else Scope()
                return replace(
                    scope,
                    service=header.name,
                    domain=kept.domain,
                    service_headers=(*above.service_headers, header),
                    domain_headers=kept.domain_headers,
                )
            case "domain":
                self._agree(header, "domain", header.name, above.domain)
                self._agree(header, "service", header.service, scope.service)
                return replace(
                    scope,
                    service=scope.service or header.service,
                    domain=header.name,
                    domain_headers=(*above.domain_headers, header),
                )
            case _:
                self._agree(header, "context", header.name, above.context)
                return replace(scope, context=header.name, context_headers=(*above.context_headers, header))

    def _own(self, procedure: Procedure, scope: Scope) -> Scope:
        """The scope with what the procedure says itself."""
        keys = ("context",) if is_read_side(procedure) else ("service", "domain")
        for key in keys:
            said = procedure.said(key)
            self._agree(procedure, key, said, getattr(scope, key))
            if said and not getattr(scope, key):
                scope = _with(scope, key, said)
        return scope

    def _agree(self, thing: Header | Procedure, key: str, said: str, expected: str) -> None:
        if said and expected and said != expected:
            self.findings.add(
                "B122",
                f"this says `{key}: {said}`, and what is above it says `{key}: {expected}`",
                thing.document.value(key),
                help=f"leave `{key}` out, or move this elsewhere",
            )

    def _tell_several(self, procedure: Procedure, file: str) -> None:
        self.findings.add(
            "B123",
            f"this procedure belongs to none of the scopes in `{file}`, which stands above it and has several of one kind",
            procedure.document.key("procedure"),
            help=f"give each of them a folder of its own, or move this procedure into `{file}`",
        )


def _with(scope: Scope, key: str, name: str) -> Scope:
    match key:
        case "service":
            return replace(scope, service=name)
        case "domain":
            return replace(scope, domain=name)
        case _:
            return replace(scope, context=name)


def merged_shape(headers: Iterable[Header], own: ShapeKeys) -> dict[str, object]:
    """The keys of a shape that anybody says something of; the nearest wins."""
    shape: dict[str, object] = {}
    for keys in (*(header.keys.defaults for header in headers if header.keys), own):
        shape |= {key: value for key in ShapeKeys.model_fields if (value := getattr(keys, key)) is not None}
    return shape
