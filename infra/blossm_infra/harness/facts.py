"""What providers are known to answer: the ids they give, and the outputs that a component computes with.

Names, addresses and keys are those of documentation (RFC 2606, RFC 5737) or made of the resource's own name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

NUMBER = "123456789012"
Values = Mapping[str, Any]
"""A resource's inputs, and with them its `name` and the `project`."""

IDS: dict[str, str] = {
    "gcp:artifactregistry/repository:Repository": "projects/{project}/locations/{location}/repositories/{repositoryId}",
    "gcp:certificatemanager/certificate:Certificate": "projects/{project}/locations/global/certificates/{name}",
    "gcp:certificatemanager/certificateMap:CertificateMap": "projects/{project}/locations/global/certificateMaps/{name}",
    "gcp:certificatemanager/dnsAuthorization:DnsAuthorization": "projects/{project}/locations/global/dnsAuthorizations/{name}",
    "gcp:cloudrunv2/job:Job": "projects/{project}/locations/{location}/jobs/{name}",
    "gcp:cloudrunv2/service:Service": "projects/{project}/locations/{location}/services/{name}",
    "gcp:cloudscheduler/job:Job": "projects/{project}/locations/{region}/jobs/{name}",
    "gcp:cloudtasks/queue:Queue": "projects/{project}/locations/{location}/queues/{name}",
    "gcp:compute/address:Address": "projects/{project}/regions/{region}/addresses/{name}",
    "gcp:compute/backendService:BackendService": "projects/{project}/global/backendServices/{name}",
    "gcp:compute/forwardingRule:ForwardingRule": "projects/{project}/regions/{region}/forwardingRules/{name}",
    "gcp:compute/globalAddress:GlobalAddress": "projects/{project}/global/addresses/{name}",
    "gcp:compute/globalForwardingRule:GlobalForwardingRule": "projects/{project}/global/forwardingRules/{name}",
    "gcp:compute/network:Network": "projects/{project}/global/networks/{name}",
    "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup": (
        "projects/{project}/regions/{region}/networkEndpointGroups/{name}"
    ),
    "gcp:compute/router:Router": "projects/{project}/regions/{region}/routers/{name}",
    "gcp:compute/sSLPolicy:SSLPolicy": "projects/{project}/global/sslPolicies/{name}",
    "gcp:compute/subnetwork:Subnetwork": "projects/{project}/regions/{region}/subnetworks/{name}",
    "gcp:compute/targetHttpProxy:TargetHttpProxy": "projects/{project}/global/targetHttpProxies/{name}",
    "gcp:compute/targetHttpsProxy:TargetHttpsProxy": "projects/{project}/global/targetHttpsProxies/{name}",
    "gcp:compute/uRLMap:URLMap": "projects/{project}/global/urlMaps/{name}",
    "gcp:dns/managedZone:ManagedZone": "projects/{project}/managedZones/{name}",
    "gcp:kms/cryptoKey:CryptoKey": "{keyRing}/cryptoKeys/{name}",
    "gcp:kms/keyRing:KeyRing": "projects/{project}/locations/{location}/keyRings/{name}",
    "gcp:projects/service:Service": "{project}/{service}",
    "gcp:pubsub/subscription:Subscription": "projects/{project}/subscriptions/{name}",
    "gcp:pubsub/topic:Topic": "projects/{project}/topics/{name}",
    "gcp:secretmanager/secret:Secret": "projects/{project}/secrets/{secretId}",
    "gcp:secretmanager/secretVersion:SecretVersion": "{secret}/versions/1",
    "gcp:serviceaccount/account:Account": ("projects/{project}/serviceAccounts/{accountId}@{project}.iam.gserviceaccount.com"),
}
"""Each type's id, made of its inputs."""


def hexadecimal(*parts: str) -> str:
    """An id as Atlas gives them: 24 hex digits, the same for the same parts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def _account(of: Values) -> Values:
    email = f"{of['accountId']}@{of['project']}.iam.gserviceaccount.com"
    unique = int(hexadecimal("account", email), 16) % 10**20 + 10**20  # 21 digits
    return {
        "email": email,
        "member": f"serviceAccount:{email}",
        "name": f"projects/{of['project']}/serviceAccounts/{email}",
        "uniqueId": str(unique),
    }


def _service(of: Values) -> Values:
    return {"uri": f"https://{of['name']}-{NUMBER}.{of['location']}.run.app"}


def _repository(of: Values) -> Values:
    return {"registryUri": f"{of['location']}-docker.pkg.dev/{of['project']}/{of['repositoryId']}"}


def _secret(of: Values) -> Values:
    return {"name": f"projects/{NUMBER}/secrets/{of['secretId']}"}


def _secret_version(of: Values) -> Values:
    return {"name": f"{of['secret']}/versions/1", "version": "1"}


def _zone(of: Values) -> Values:
    return {"nameServers": [f"ns-cloud-a{number}.googledomains.com." for number in (1, 2, 3, 4)]}


def _authorization(of: Values) -> Values:
    data = f"{hexadecimal('authorization', of['domain'])}.1.authorize.certificatemanager.goog."
    return {"dnsResourceRecords": [{"name": f"_acme-challenge.{of['domain']}.", "type": "CNAME", "data": data}]}


def _mapping(of: Values) -> Values:
    record = {"name": of["name"].partition(".")[0], "type": "CNAME", "rrdata": "ghs.googlehosted.com."}
    return {"statuses": [{"mappedRouteName": of["spec"]["routeName"], "resourceRecords": [record]}]}


def _public_address(of: Values) -> Values:
    return {"address": "2001:db8::10" if of.get("ipVersion") == "IPV6" else "203.0.113.10"}


def _address(of: Values) -> Values:
    return {"address": "10.0.0.10" if of.get("addressType") == "INTERNAL" else "203.0.113.20"}


def _cluster(of: Values) -> Values:
    srv = f"mongodb+srv://{of['name']}.abc12.mongodb.net"
    private = f"mongodb+srv://{of['name']}-pl-0.abc12.mongodb.net"
    endpoint = {"connectionString": private, "srvConnectionString": private, "type": "MONGOD", "endpoints": []}
    strings = {"standardSrv": srv, "standard": "", "private": "", "privateSrv": "", "privateEndpoints": [endpoint]}
    return {"clusterId": hexadecimal("cluster", of["name"]), "connectionStrings": strings, "stateName": "IDLE"}


def _private_link(of: Values) -> Values:
    service = f"projects/p-{hexadecimal('link', of['projectId'])}/regions/{of['region']}/serviceAttachments/sa-0"
    ident = hexadecimal("private link", of["projectId"], of["region"])
    return {"privateLinkId": ident, "serviceAttachmentNames": [service], "status": "AVAILABLE"}


OUTPUTS: dict[str, Callable[[Values], Values]] = {
    "gcp:artifactregistry/repository:Repository": _repository,
    "gcp:certificatemanager/dnsAuthorization:DnsAuthorization": _authorization,
    "gcp:cloudrun/domainMapping:DomainMapping": _mapping,
    "gcp:cloudrunv2/service:Service": _service,
    "gcp:compute/address:Address": _address,
    "gcp:compute/globalAddress:GlobalAddress": _public_address,
    "gcp:dns/managedZone:ManagedZone": _zone,
    "gcp:secretmanager/secret:Secret": _secret,
    "gcp:secretmanager/secretVersion:SecretVersion": _secret_version,
    "gcp:serviceaccount/account:Account": _account,
    "mongodbatlas:index/advancedCluster:AdvancedCluster": _cluster,
    "mongodbatlas:index/privateLinkEndpoint:PrivateLinkEndpoint": _private_link,
}
"""What a type's outputs are, beside its inputs."""
