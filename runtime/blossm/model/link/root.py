"""What the headers say of the whole network: environments, issuers, roles."""

from __future__ import annotations

from collections.abc import Mapping

from blossm.model.diagnostics import did_you_mean
from blossm.model.documents import Header
from blossm.model.headers import Hierarchy
from blossm.model.link.gateways import PERMISSION
from blossm.model.link.index import Index
from blossm.model.network import Environment, Issuer
from blossm.model.schema.headers import IssuerKeys, NetworkKeys, RoleKeys
from blossm.model.schema.per_environment import chosen
from blossm.model.schema.reading import found, read, without_extensions

PREFIXES: Mapping[Environment, str] = {"development": "dev", "staging": "stg", "sandbox": "snd", "production": ""}


def environments(keys: NetworkKeys) -> dict[Environment, str]:
    """Every environment's prefix of host names."""
    return {**PREFIXES, **keys.environments}


def issuers(header: Header | None, index: Index) -> dict[str, Issuer]:
    """Whose tokens are believed, with this environment's values."""
    if header is None:
        return {}
    found: dict[str, Issuer] = {}
    for at, keys in enumerate(index.network.auth.issuers):
        if keys.name in found:
            spot = header.document.value("auth", "issuers", at, "name")
            index.findings.add("B004", f"an issuer `{keys.name}` stands here twice", spot)
        found[keys.name] = _issuer(keys, at, header, index)
    return found


def _issuer(keys: IssuerKeys, at: int, header: Header, index: Index) -> Issuer:
    path = ("auth", "issuers", at)
    values = {
        name: (chosen(given, index.environment) or "").replace("$network", index.host)
        for name in ("issuer", "jwks", "key", "audience")
        if (given := getattr(keys, name)) is not None
    }
    if keys.jwks is None and keys.key is None:
        help = "`jwks` is the address of its keys; `key` is a KMS key"
        message = f"the issuer `{keys.name}` has neither `jwks` nor `key`"
        index.findings.add("B103", message, header.document.value(*path), help=help)
    elif keys.jwks is not None and keys.key is not None:
        spot = header.document.key(*path, "key")
        index.findings.add("B106", f"the issuer `{keys.name}` has both `jwks` and `key`", spot, help="leave one out")
    for name, value in values.items():
        if not value:
            message = f"`{name}` says nothing for {index.environment}"
            help = f"add `{index.environment}: …` or `default: …`"
            index.findings.add("B404", message, header.document.key(*path, name), help=help)
    return Issuer(**{"issuer": "", **values}, name=keys.name, cookie=keys.cookie)


def permissions_fact(header: Header | None, index: Index) -> str:
    """The fact that says what somebody may do, where there is one."""
    address = index.network.auth.permissions
    if header and address and not index.has("fact", address):
        help = did_you_mean(address, index.addresses("fact"), there_are="facts")
        index.tell_unknown(f"there is no fact `{address}`", header.document.value("auth", "permissions"), help=help)
    return address


def roles(hierarchy: Hierarchy, index: Index) -> dict[str, tuple[str, ...]]:
    """Every role with its permissions, from all headers together."""
    merged: dict[str, tuple[str, ...]] = {}
    for chain in hierarchy.chains:
        header = chain[-1]
        for role, value in without_extensions(getattr(header.keys, "roles", {})).items():
            permissions = _permissions(role, value, header, index)
            merged[role] = tuple(dict.fromkeys((*merged.get(role, ()), *permissions)))
    return merged


def _permissions(role: str, value: object, header: Header, index: Index) -> tuple[str, ...]:
    path: tuple[str | int, ...] = ("roles", role)
    if isinstance(value, dict):
        keys = read(RoleKeys, header.document, path, index.findings)
        value, path = (keys.permissions if keys else []), (*path, "permissions")
    if not isinstance(value, list):
        message = f"a role takes a list of permissions, not {found(value)}"
        index.findings.add("B105", message, header.document.value(*path), help='write `["shop:bicycle:paint"]`')
        return ()
    for at, permission in enumerate(value):
        if not isinstance(permission, str) or not PERMISSION.fullmatch(permission):
            help = 'in full: `"service:domain:privilege"`; `*` at the end is any'
            message = f"{found(permission)} can't be a permission".replace("the text ", "")
            index.findings.add("B402", message, header.document.value(*path, at), help=help)
    return tuple(one for one in value if isinstance(one, str))
