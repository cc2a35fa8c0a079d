"""Who may come in, and as whom procedures run."""

from __future__ import annotations

from blossm_infra.harness.plan import Plan
from blossm_infra.policy.reading import JOB, SERVICE, at, is_gateway
from blossm_infra.policy.rule import Broken, Rule
from blossm_infra.settings import StackSettings

_EVERYBODY = ("allUsers", "allAuthenticatedUsers")
_WIDE = ("projects/iAM", "projects/iam", "organizations/iAM", "organizations/iam", "folder/iAM", "folder/iam")
_BASIC = ("roles/owner", "roles/editor", "roles/viewer")
_DEFAULT_ACCOUNTS = ("-compute@developer.gserviceaccount.com", "@appspot.gserviceaccount.com")
_INSIDE = "INGRESS_TRAFFIC_INTERNAL_ONLY"


def _everybody(plan: Plan, stack: StackSettings) -> Broken:
    for resource in plan.resources:
        members = [at(resource, "member"), *(at(resource, "members") or ())]
        for member in _EVERYBODY:
            if member in members:
                yield resource, f"{member} has {at(resource, 'role')}"


def _open(plan: Plan, stack: StackSettings) -> Broken:
    for service in plan.of(SERVICE):
        if is_gateway(service):
            continue
        if at(service, "invokerIamDisabled"):
            yield service, "everybody may call it: `invokerIamDisabled` is true"
        if at(service, "ingress") != _INSIDE:
            yield service, f"it is reached from outside: `ingress` is {at(service, 'ingress')}"


def _past_the_load_balancer(plan: Plan, stack: StackSettings) -> Broken:
    if stack.gateways != "loadbalancer":
        return
    for service in plan.of(SERVICE):
        if is_gateway(service) and at(service, "ingress") != "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER":
            yield service, f"it is reached past the load balancer: `ingress` is {at(service, 'ingress')}"


def _wide(plan: Plan, stack: StackSettings) -> Broken:
    for resource in plan.resources:
        if resource.type.partition(":")[2].startswith(_WIDE):
            yield resource, f"{at(resource, 'role')} in all of a project, a folder or an organization"
        elif at(resource, "role") in _BASIC:
            yield resource, f"{at(resource, 'role')} allows nearly everything"


def _default_account(plan: Plan, stack: StackSettings) -> Broken:
    for resource in plan.of(SERVICE, JOB):
        where = ("template", "template", "serviceAccount") if resource.type == JOB else ("template", "serviceAccount")
        account = at(resource, *where)
        if account is None:
            yield resource, "it names no account, and so runs as the project's default one"
        elif isinstance(account, str) and account.endswith(_DEFAULT_ACCOUNTS):
            yield resource, f"it runs as a default account, {account}"


RULES = (
    Rule(
        id="BP101",
        says="Nobody is everybody: no role is given to allUsers or allAuthenticatedUsers.",
        reason="Either is the whole Internet; gateways are open without it, and read tokens themselves.",
        fix="Name the account that calls. What the world is to call is a gateway.",
        check=_everybody,
    ),
    Rule(
        id="BP102",
        says="Only gateways are open to the world.",
        reason="Whatever is no gateway checks no tokens: it trusts its callers to be those of the model.",
        fix="Set `ingress` to INGRESS_TRAFFIC_INTERNAL_ONLY and leave `invoker_iam_disabled` false, or write a gateway.",
        check=_open,
    ),
    Rule(
        id="BP103",
        says="No role reaches beyond a resource: not to a project, a folder or an organization, and none is basic.",
        reason="A role in the project would let a procedure at all the others, and at what comes after it.",
        fix="Give the role on the one resource that it is for: `…IamMember` of a service, a topic, a secret.",
        check=_wide,
    ),
    Rule(
        id="BP104",
        says="Whatever runs has an account of its own, not a default one.",
        reason="Google's default accounts may do nearly everything in a project, and all services share them.",
        fix="Make a `serviceaccount.Account` and name it in `service_account`.",
        check=_default_account,
    ),
    Rule(
        id="BP116",
        says="Where there is a load balancer, it is the gateways' only door.",
        reason="A second way in has neither its certificates nor its log.",
        fix="Set the gateway's `ingress` to INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER.",
        check=_past_the_load_balancer,
    ),
)
