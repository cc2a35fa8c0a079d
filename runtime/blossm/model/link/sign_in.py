"""Whether anybody can have the tokens that gateways want."""

from __future__ import annotations

from blossm.model.link.index import Index
from blossm.model.network import Kind, Network

_ENTRIES: dict[Kind, str] = {"command-gateway": "commands", "fact-gateway": "facts", "view-gateway": "views"}


def check_sign_in(network: Network, index: Index) -> None:
    """Warn, once, where an entry wants a token and no issuer is named that could give one."""
    if index.network.auth.issuers or "auth" in index.doubtful:
        return
    for gateway in network.gateways():
        for entry in gateway.entries.values():
            if entry.access.rule not in ("public", "optional"):
                draft = index.drafts[gateway.kind][gateway.address]
                message = "nobody can sign in outside of development: the network names no issuer of tokens"
                help = "the network's header says whose tokens are believed: `auth: {issuers: [{name, issuer, jwks}]}`"
                spot = draft.document.key(_ENTRIES[gateway.kind], entry.name)
                index.findings.add("B405", message, spot, help=help, severity="warning")
                return
