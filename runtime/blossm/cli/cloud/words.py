"""What things in the cloud are called when people read of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_WORDS = {
    "blossm:infra:EventStore": "event store",
    "gcp:artifactregistry/repository:Repository": "image repository",
    "gcp:certificatemanager/dnsAuthorization:DnsAuthorization": "DNS authorization",
    "gcp:cloudrunv2/service:Service": "Cloud Run service",
    "gcp:cloudrunv2/serviceIamMember:ServiceIamMember": "right to call",
    "gcp:cloudscheduler/job:Job": "schedule",
    "gcp:compute/network:Network": "VPC",
    "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup": "endpoint group",
    "gcp:compute/sSLPolicy:SSLPolicy": "TLS policy",
    "gcp:compute/subnetwork:Subnetwork": "subnet",
    "gcp:compute/targetHttpProxy:TargetHttpProxy": "HTTP proxy",
    "gcp:compute/targetHttpsProxy:TargetHttpsProxy": "HTTPS proxy",
    "gcp:compute/uRLMap:URLMap": "URL map",
    "gcp:dns/managedZone:ManagedZone": "DNS zone",
    "gcp:dns/recordSet:RecordSet": "DNS record",
    "gcp:projects/service:Service": "API",
    "gcp:pubsub/subscription:Subscription": "push subscription",
    "gcp:pubsub/topicIAMMember:TopicIAMMember": "right to publish",
    "gcp:secretmanager/secretIamMember:SecretIamMember": "right to read a secret",
    "gcp:serviceaccount/iAMMember:IAMMember": "right to act as an account",
    "mongodbatlas:index/advancedCluster:AdvancedCluster": "cluster",
    "mongodbatlas:index/customDbRole:CustomDbRole": "database role",
    "mongodbatlas:index/privateLinkEndpoint:PrivateLinkEndpoint": "private endpoint",
    "mongodbatlas:index/privateLinkEndpointService:PrivateLinkEndpointService": "attachment of a private endpoint",
    "mongodbatlas:index/project:Project": "Atlas project",
    "mongodbatlas:index/projectIpAccessList:ProjectIpAccessList": "access list",
}
_BREAK = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def word(token: str) -> str:
    """A resource type as people say it: the type's own name, in words, where nobody found a better one."""
    if known := _WORDS.get(token):
        return known
    own = _BREAK.sub(" ", token.rpartition(":")[2]).lower()
    return f"right to a {own.removesuffix(' iam member')}" if own.endswith(" iam member") else own


def counted(count: int, what: str) -> str:
    """`1 topic`, `3 policies`."""
    return f"1 {what}" if count == 1 else f"{count} {plural(what)}"


def plural(what: str) -> str:
    if found := re.match(r"(\w+)( (?:to|of) .*)", what):
        return plural(found[1]) + found[2]
    if re.search(r"[^aeiou]y$", what):
        return f"{what[:-1]}ies"
    return f"{what}es" if re.search(r"(s|x|ch|sh)$", what) else f"{what}s"


def listed(words: Iterable[str]) -> str:
    """How many there are of each, the most first: `13 accounts, 2 topics`."""
    return ", ".join(counted(count, what) for what, count in Counter(words).most_common())
