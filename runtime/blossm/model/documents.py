"""Documents as what they are: a header or a procedure, with their keys read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from blossm.model.diagnostics import Findings, did_you_mean
from blossm.model.network import Kind
from blossm.model.schema.headers import AnyHeaderKeys, ContextKeys, DomainKeys, NetworkKeys, ServiceKeys
from blossm.model.schema.procedures import PROCEDURES, ProcedureKeys
from blossm.model.schema.reading import read_document
from blossm.model.source import Document

KINDS: tuple[Kind, ...] = get_args(Kind)
HEADERS: dict[str, type[AnyHeaderKeys]] = {
    "network": NetworkKeys,
    "service": ServiceKeys,
    "domain": DomainKeys,
    "context": ContextKeys,
}


@dataclass(frozen=True, slots=True, eq=False)
class Header:
    """A document that says of the ones below it where they belong. `keys` is None where they can't be read."""

    document: Document
    kind: str  # network, service, domain, context
    name: str
    service: str  # of a domain that says so
    keys: AnyHeaderKeys | None
    doubtful: frozenset[str]  # keys whose values were told and left out


@dataclass(frozen=True, slots=True, eq=False)
class Procedure:
    """A document that defines a procedure, before its header's scope is known."""

    document: Document
    kind: Kind
    keys: ProcedureKeys | None
    doubtful: frozenset[str]

    def said(self, key: str) -> str:
        """What the document says under a key that holds a name, also where the rest of it can't be read."""
        value = self.document.data.get(key)
        return value.replace("-", "_") if isinstance(value, str) else ""


def understand(document: Document, findings: Findings) -> Header | Procedure | None:
    """What a document is; None and a problem where it is neither."""
    if not isinstance(document.data, dict):
        findings.add("B101", "this document is neither a procedure nor a header", document.value(), help=_HELP)
        return None
    return _procedure(document, findings) if "procedure" in document.data else _header(document, findings)


_HELP = "a document begins with `procedure:`, or with `network:`, `service:`, `domain:` or `context:`"


def _procedure(document: Document, findings: Findings) -> Procedure | None:
    kind: Any = document.data["procedure"]
    if kind not in KINDS:
        said = f"`{kind}`" if isinstance(kind, str) else "this"
        help = did_you_mean(str(kind).replace("_", "-").lower(), KINDS)
        findings.add("B102", f"{said} is no kind of procedure", document.value("procedure"), help=help)
        return None
    return Procedure(document, kind, *read_document(PROCEDURES[kind], document, findings))


def _header(document: Document, findings: Findings) -> Header | None:
    kinds = [kind for kind in HEADERS if kind in document.data]
    if not kinds:
        word = next((key for key in document.data if did_you_mean(key, (*HEADERS, "procedure")).startswith("did")), "")
        help = did_you_mean(word, (*HEADERS, "procedure")) if word else _HELP
        spot = document.key(word) if word else document.value()
        findings.add("B101", "this document is neither a procedure nor a header", spot, help=help)
        return None
    kind = kinds[-1]
    if len(kinds) > 1 and kinds != ["service", "domain"]:
        several = " and ".join(f"`{one}`" for one in kinds)
        help = "one header says one thing: put `---` between them"
        findings.add("B101", f"this header says {several}", document.key(kinds[1]), help=help)
        return None
    keys, doubtful = read_document(HEADERS[kind], document, findings)
    said = {key: value.replace("-", "_") if isinstance(value := document.data.get(key), str) else "" for key in kinds}
    return Header(document, kind, said[kind], said.get("service", "") if kind == "domain" else "", keys, doubtful)
