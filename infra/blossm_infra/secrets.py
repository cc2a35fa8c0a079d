"""Who may read which secret. The values stay with Secret Manager: none passes through the program or its state."""

from __future__ import annotations

from collections.abc import Iterable

import pulumi
import pulumi_gcp.secretmanager as secretmanager
import pulumi_gcp.serviceaccount as serviceaccount

from blossm_infra import naming


def grant_secrets(
    name: str, secrets: Iterable[str], account: serviceaccount.Account, *, parent: pulumi.Resource
) -> tuple[pulumi.Resource, ...]:
    """Lets `account` read these, and nothing else. They are there already: an operator made them."""
    return tuple(
        secretmanager.SecretIamMember(
            naming.reader(name, secret),
            secret_id=secret,
            role="roles/secretmanager.secretAccessor",
            member=account.member,
            opts=pulumi.ResourceOptions(parent=parent),
        )
        for secret in dict.fromkeys(secrets)
    )
