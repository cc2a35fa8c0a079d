"""One user of one database: a service account that may come in, and what it may do there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp.secretmanager as secretmanager
import pulumi_gcp.serviceaccount as serviceaccount
import pulumi_mongodbatlas as mongodbatlas

from blossm.model.network import Ref
from blossm_infra import naming
from blossm_infra.settings import StackSettings
from blossm_infra.stores.passwords import password_of, version_of
from blossm_infra.stores.roles import Privilege, actions


@dataclass(frozen=True, kw_only=True)
class AccessArgs:
    """`use` is what the user comes for: `serve` or `index`. `identified`: by workload identity, and so without a password."""

    use: str
    ref: Ref
    account: serviceaccount.Account
    privileges: tuple[Privilege, ...]
    project: pulumi.Input[str]
    settings: StackSettings
    identified: bool
    labels: Mapping[str, str]


class Access(pulumi.ComponentResource):
    """A role, the user who has it and nothing else, and below M10 the secret with its password, which one account may read.

    From M10 up there is no password: the user is the account itself. Idle cost: 0.06 USD a month for the secret.
    """

    def __init__(self, name: str, args: AccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("blossm:infra:Access", name, None, opts)
        self._name, self._args, self._below = name, args, pulumi.ResourceOptions(parent=self)
        self._role = mongodbatlas.CustomDbRole(
            name,
            project_id=args.project,
            role_name=name,
            actions=actions(args.privileges, database=naming.database(args.ref)),
            opts=self._below,
        )
        self.secrets: dict[str, pulumi.Output[str]] = {}
        user = self._identified() if args.identified else self._by_password()
        kept = () if args.identified else self._keep_password()
        self.user, self.needs = user.username, (user, *kept)
        self.register_outputs({"user": self.user})

    def _roles(self) -> list[mongodbatlas.DatabaseUserRoleArgs]:
        return [mongodbatlas.DatabaseUserRoleArgs(role_name=self._role.role_name, database_name="admin")]

    def _identified(self) -> mongodbatlas.DatabaseUser:
        """Atlas knows a Google account by its unique id, as its tokens do."""
        args = self._args
        return mongodbatlas.DatabaseUser(
            self._name,
            project_id=args.project,
            username=pulumi.Output.concat(args.settings.atlas.identity_provider, "/", args.account.unique_id),
            oidc_auth_type="USER",
            auth_database_name="$external",
            roles=self._roles(),
            opts=self._below,
        )

    def _by_password(self) -> mongodbatlas.DatabaseUser:
        args = self._args
        return mongodbatlas.DatabaseUser(
            self._name,
            project_id=args.project,
            username=self._name,
            auth_database_name="admin",
            password_wo=pulumi.Output.secret(password_of(args.settings, self._name)),
            password_wo_version=pulumi.Output.secret(version_of(args.settings)),
            roles=self._roles(),
            opts=self._below,
        )

    def _keep_password(self) -> tuple[pulumi.Resource, ...]:
        args, name = self._args, naming.password(self._args.use, self._args.ref)
        secret = secretmanager.Secret(
            name,
            secret_id=name,
            replication=secretmanager.SecretReplicationArgs(auto=secretmanager.SecretReplicationAutoArgs()),
            labels=args.labels,
            deletion_protection=False,  # it is made again from the seed
            opts=self._below,
        )
        version = secretmanager.SecretVersion(
            name,
            secret=secret.id,
            secret_data_wo=pulumi.Output.secret(password_of(args.settings, self._name)),
            secret_data_wo_version=pulumi.Output.secret(str(version_of(args.settings))),
            opts=self._below,
        )
        reader = secretmanager.SecretIamMember(
            name,
            secret_id=secret.secret_id,
            role="roles/secretmanager.secretAccessor",
            member=args.account.member,
            opts=self._below,
        )
        self.secrets["BLOSSM_STORE_PASSWORD"] = secret.secret_id
        return (version, reader)
