"""What a client is told about where a cluster is, and how it shows who it is: `mongodb+srv://…`, without credentials."""

from __future__ import annotations

import pulumi
import pulumi_mongodbatlas as mongodbatlas

from blossm_infra.stores.tiers import Way

# What a token of the metadata server says it is for, and what Atlas's identity provider is told to take.
AUDIENCE = "blossm"

_BY_IDENTITY = (
    f"/?authSource=%24external&authMechanism=MONGODB-OIDC&authMechanismProperties=ENVIRONMENT:gcp,TOKEN_RESOURCE:{AUDIENCE}"
)
_LATER = "mongodb+srv://known-after-up"


def address(strings: mongodbatlas.outputs.AdvancedClusterConnectionStrings, *, way: Way, preview: bool) -> str:
    """The cluster's address that leads over `way`.

    Raises `pulumi.RunError` for a cluster that has just grown and has no private address yet.
    """
    if way != "private-endpoint":
        return strings.standard_srv or _LATER
    for endpoint in strings.private_endpoints or ():
        if endpoint.srv_connection_string:
            return endpoint.srv_connection_string + _BY_IDENTITY
    if preview:  # of a cluster that is about to grow
        return _LATER + _BY_IDENTITY
    raise pulumi.RunError(
        "the cluster has grown but has no private address yet: run `pulumi up` again when Atlas says it is idle"
    )
