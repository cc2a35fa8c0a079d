"""The keys of issuers that sign by KMS, and who may read their public halves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp.kms as kms
import pulumi_gcp.serviceaccount as serviceaccount

from blossm.model.network import GatewaySpec, Issuer, Network
from blossm_infra import naming
from blossm_infra.keeping import keeps
from blossm_infra.labels import labels
from blossm_infra.settings import StackSettings
from blossm_infra.site import SigningKey, Site


@dataclass(frozen=True, kw_only=True)
class SigningKeysArgs:
    model: Network
    settings: StackSettings


class SigningKeys(pulumi.ComponentResource):
    """A key ring, and a key (ECDSA on P-256, which makes ES256 tokens) for every name that an issuer gives one.

    KMS forgets no name: a ring or a key that was deleted can't be made again. So where a stack keeps its event stores, it
    keeps its keys. Idle cost: 0.06 USD a month and key version. Needs the API cloudkms.
    """

    def __init__(self, name: str, args: SigningKeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:SigningKeys", name, None, opts)
        self._args, kept = args, keeps(args.settings)
        self._kept = pulumi.ResourceOptions(parent=self, protect=kept)
        self._ring = kms.KeyRing(naming.key_ring(), name=naming.key_ring(), location=args.settings.region, opts=self._kept)
        self.keys = {key: self._key(key) for key in own_keys(args.model)}
        self.register_outputs({"keys": {key: made.path for key, made in self.keys.items()}})

    def _key(self, key: str) -> SigningKey:
        settings, name = self._args.settings, naming.signing_key(key)
        made = kms.CryptoKey(
            name,
            name=name,
            key_ring=self._ring.id,
            purpose="ASYMMETRIC_SIGN",
            version_template=kms.CryptoKeyVersionTemplateArgs(algorithm="EC_SIGN_P256_SHA256", protection_level="SOFTWARE"),
            labels=labels(self._args.model, settings),
            deletion_policy="PREVENT" if keeps(settings) else "DELETE",
            opts=self._kept,
        )
        ring = f"projects/{settings.project}/locations/{settings.region}/keyRings/{naming.key_ring()}"
        return SigningKey(path=f"{ring}/cryptoKeys/{name}", needs=(made,))


def own_keys(model: Network) -> tuple[str, ...]:
    """The keys that the stack makes: those that issuers name without a path."""
    return tuple(dict.fromkeys(i.key for i in model.issuers.values() if i.key and "/" not in i.key))


def foreign_keys(model: Network) -> dict[str, SigningKey]:
    """The keys that others made, by path: the program lets gateways at them, and does nothing else with them."""
    return {issuer.key: SigningKey(path=issuer.key) for issuer in model.issuers.values() if "/" in issuer.key}


def believed(model: Network, gateway: GatewaySpec) -> tuple[Issuer, ...]:
    """The issuers whose tokens a gateway reads. An entry that names none means the first; a public one reads no token."""
    said = {entry.access.issuer for entry in gateway.entries.values() if entry.access.rule != "public"}
    first = next(iter(model.issuers), "")
    return tuple(issuer for name, issuer in model.issuers.items() if name in said or (name == first and "" in said))


def keys_of(site: Site, gateway: GatewaySpec) -> Mapping[str, SigningKey]:
    """The keys by which a gateway checks tokens, by issuer."""
    return {issuer.name: site.keys[issuer.key] for issuer in believed(site.model, gateway) if issuer.key}


def grant_public_keys(
    name: str, keys: Mapping[str, SigningKey], account: serviceaccount.Account, *, parent: pulumi.Resource
) -> tuple[pulumi.Resource, ...]:
    """Lets `account` read the public halves of these: enough to check a token, and not to sign one."""
    return tuple(
        kms.CryptoKeyIAMMember(
            naming.component(f"{name}-checks", issuer),
            crypto_key_id=key.path,
            role="roles/cloudkms.publicKeyViewer",
            member=account.member,
            opts=pulumi.ResourceOptions(parent=parent, depends_on=list(key.needs)),
        )
        for issuer, key in keys.items()
    )
