"""The keys of headers: the network, a service, a domain, a context."""

# ruff: noqa: RUF012  pydantic copies what a default holds
from __future__ import annotations

from pydantic import Field

from blossm.model.network import Environment
from blossm.model.schema.per_environment import Text, Url
from blossm.model.schema.reading import Keys
from blossm.model.schema.values import Cpu, Duration, Mapping_, Memory, Name, Named, NetworkName, Prefix, Reference


class ShapeKeys(Keys):
    """What a procedure runs on."""

    memory: Memory | None = None
    cpu: Cpu | None = None
    timeout: Duration | None = None
    concurrency: int | None = Field(default=None, ge=1, le=1000)
    min_instances: int | None = Field(default=None, ge=0, le=1000)
    max_instances: int | None = Field(default=None, ge=1, le=1000)


class HeaderKeys(Keys):
    """What every header may say of what is below it."""

    defaults: ShapeKeys = ShapeKeys()
    types: Named = {}


class IssuerKeys(Keys):
    """Somebody whose tokens are believed."""

    name: Name
    issuer: Text
    jwks: Url | None = None
    key: Text | None = None
    audience: Text | None = None
    cookie: str = ""


class AuthKeys(Keys):
    """Who says who somebody is."""

    issuers: list[IssuerKeys] = []
    permissions: Reference = ""


class RoleKeys(Keys):
    """A role with a title."""

    title: str = ""
    permissions: list[str]


class NetworkKeys(HeaderKeys):
    """The root header."""

    network: NetworkName
    title: str = ""
    environments: dict[Environment, Prefix] = {}
    auth: AuthKeys = AuthKeys()
    roles: Mapping_ = {}


class ServiceKeys(HeaderKeys):
    service: Name
    depends_on: list[Name] = []
    roles: Mapping_ = {}


class DomainKeys(HeaderKeys):
    domain: Name
    service: Name = ""
    roles: Mapping_ = {}


class ContextKeys(HeaderKeys):
    context: Name


AnyHeaderKeys = NetworkKeys | ServiceKeys | DomainKeys | ContextKeys
