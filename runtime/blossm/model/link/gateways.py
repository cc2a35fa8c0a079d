"""Gateways: what they open, and to whom."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

from blossm.model.diagnostics import did_you_mean
from blossm.model.link import references
from blossm.model.link.index import Draft, Index
from blossm.model.link.procedure import shared
from blossm.model.names import NAME, address
from blossm.model.network import (
    Access,
    CommandGatewaySpec,
    Entry,
    FactGatewaySpec,
    Kind,
    Ref,
    ViewGatewaySpec,
)
from blossm.model.schema.per_environment import chosen
from blossm.model.schema.procedures import AllKeys, EntryKeys
from blossm.model.schema.reading import found, read, without_extensions
from blossm.model.schema.values import rate_of
from blossm.model.source import Path_

_WORDS = ("public", "optional", "signed_in")
_PRIVILEGE = re.compile(r"[a-z][a-z0-9_-]*")
_PART = r"[a-z][a-z0-9_-]*"
PERMISSION = re.compile(rf"{_PART}:{_PART}:(?:{_PART}|\*)|{_PART}:\*:\*|\*:\*:\*")


def command_gateway(draft: Draft, index: Index) -> CommandGatewaySpec:
    return CommandGatewaySpec(**shared(draft, index), **_own(draft, index, "commands", "command"))


def fact_gateway(draft: Draft, index: Index) -> FactGatewaySpec:
    return FactGatewaySpec(**shared(draft, index), **_own(draft, index, "facts", "fact"))


def view_gateway(draft: Draft, index: Index) -> ViewGatewaySpec:
    return ViewGatewaySpec(**shared(draft, index), **_own(draft, index, "views", "view-store"))


def _own(draft: Draft, index: Index, key: str, kind: Kind) -> dict[str, Any]:
    origins = chosen(draft.keys.allow, index.environment) or ()
    return {
        "host": f"{draft.address}.{index.host}",
        "allow": tuple(origin.replace("$network", index.host) for origin in origins),
        "entries": _entries(draft, index, key, kind),
    }


def _entries(draft: Draft, index: Index, key: str, kind: Kind) -> dict[str, Entry]:
    data = without_extensions(getattr(draft.keys, key))
    if not draft.sure(key):
        return {}
    if not isinstance(data, dict):
        help = f"write `{{{data[0]}: signed_in}}`" if isinstance(data, list) and data and isinstance(data[0], str) else ""
        message = f"`{key}` says of every entry who may use it, so it takes keys and values, not {found(data)}"
        index.findings.add("B401", message, draft.document.value(key), help=help)
        return {}
    if not data:
        index.findings.add("B401", "this gateway opens nothing", draft.document.value(key))
    entries: dict[str, Entry] = {}
    for word, value in data.items():
        target = _target(word.replace("-", "_"), (key, word), kind, draft, index)
        access = _access(value, (key, word), draft, index)
        name = word.replace("-", "_").rpartition(".")[2]
        spot = draft.document.key(key, word)
        if name in entries:
            index.findings.add("B004", f"`{name}` stands here twice", spot)
        elif target and access:
            entries[name] = Entry(name=name, target=Ref(kind, target), access=access, at=spot.place)
    return entries


def _target(word: str, path: Path_, kind: Kind, draft: Draft, index: Index) -> str:
    """The address that an entry opens, or nothing and a problem."""
    own = _own_address(draft)
    match kind:
        case "command":  # of its own domain only
            target = word if word.startswith(f"{own}.") else f"{own}.{word}"
        case "fact":
            target = references.fact(word, draft, index)
        case _:
            target = own_view if index.has(kind, own_view := address(own, word)) else word
    if index.has(kind, target):
        return target
    what = kind.removesuffix("-store")
    where = f" in `{own}`" if kind == "command" else ""
    known = [one.removeprefix(f"{own}.") for one in index.addresses(kind) if kind != "command" or one.startswith(f"{own}.")]
    help = did_you_mean(word, known, there_are=f"{what}s")
    index.tell_unknown(f"there is no {what} `{word}`{where}", draft.document.key(*path), help=help)
    return ""


def _own_address(draft: Draft) -> str:
    return draft.context if draft.kind == "view-gateway" else address(draft.service, draft.domain)


def _access(value: Any, path: Path_, draft: Draft, index: Index) -> Access | None:
    """Who may use an entry, in any of its forms."""
    document = draft.document
    if value in (None, "", [], {}):
        help = "`public`, `optional`, `signed_in`, or privileges: `[paint]`"
        index.findings.add("B401", f"`{path[-1]}` does not say who may use it", document.key(*path), help=help)
        return None
    if isinstance(value, dict) and "all" not in value:
        keys = read(EntryKeys, document, path, index.findings)
        if keys is None:
            return None
        if "access" not in value and not set(value) <= set(EntryKeys.keys()):
            return None  # it may be said under the key that is unknown
        access = _rule(keys.access, (*path, "access"), draft, index) if "access" in value else _access(None, path, draft, index)
        issuer = _issuer(keys.issuer, path, draft, index)
        rate = _rate(keys.rate, path, draft, index)
        return Access(rule=access.rule, permissions=access.permissions, issuer=issuer, rate=rate) if access else None
    return _rule(value, path, draft, index)


def _rule(value: Any, path: Path_, draft: Draft, index: Index) -> Access | None:
    match value:
        case "public" | "optional" | "signed_in":
            return Access(rule=value)
        case [_, *_]:
            return _privileges("any", value, path, draft, index)
        case {"all": _}:
            keys = read(AllKeys, draft.document, path, index.findings)
            return _privileges("all", keys.all, (*path, "all"), draft, index) if keys else None
        case None | "" | [] | {}:
            return _access(None, path, draft, index)
    near = did_you_mean(value, _WORDS) if isinstance(value, str) else ""
    help = near if near.startswith("did") else f"a privilege stands in a list: `[{value}]`" if isinstance(value, str) else ""
    message = f"{found(value)} does not say who may use it".replace("the text ", "")
    index.findings.add("B402", message, draft.document.value(*path), help=help)
    return None


def _privileges(rule: Literal["any", "all"], words: Sequence[Any], path: Path_, draft: Draft, index: Index) -> Access | None:
    permissions = [_permission(word, (*path, at), draft, index) for at, word in enumerate(words)]
    return Access(rule=rule, permissions=tuple(permissions)) if all(permissions) else None


def _permission(word: Any, path: Path_, draft: Draft, index: Index) -> str:
    """The full permission that a privilege means, or nothing and a problem."""
    match word:
        case str() if ":" in word and PERMISSION.fullmatch(word) and "*" not in word:
            return word
        case str() if _PRIVILEGE.fullmatch(word) and draft.service and draft.domain:
            return f"{draft.service}:{draft.domain}:{word}"
        case str() if NAME.fullmatch(word.replace("-", "_")):
            help = f"say it in full: `shop:bicycle:{word}`"
            message = f"no domain lies above this gateway, so `{word}` means nothing"
        case str():
            help = "a privilege is a word, or in full `service:domain:privilege`"
            message = f"`{word}` can't be a privilege"
        case _:
            message, help = f"a privilege is a text, not {found(word)}", ""
    index.findings.add("B402", message, draft.document.value(*path), help=help)
    return ""


def _issuer(name: str, path: Path_, draft: Draft, index: Index) -> str:
    known = [issuer.name for issuer in index.network.auth.issuers]
    if name and "auth" not in index.doubtful and name.replace("-", "_") not in known:
        help = did_you_mean(name, known, there_are="issuers")
        help = help or "the network's header names none: `auth: {issuers: [{name, issuer, jwks}]}`"
        index.findings.add("B403", f"there is no issuer `{name}`", draft.document.value(*path, "issuer"), help=help)
    return name.replace("-", "_")


def _rate(value: Any, path: Path_, draft: Draft, index: Index) -> float | None:
    if value is None:
        return None
    rate = rate_of(value)
    if rate is None:
        help = "write `10/s`, `100/m` or `1000/h`"
        index.findings.add("B106", f"`rate` takes a rate, not {found(value)}", draft.document.value(*path, "rate"), help=help)
    return rate
