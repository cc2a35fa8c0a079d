"""What Google calls in a network's name."""

from __future__ import annotations

from blossm_infra.harness.plan import Plan
from blossm_infra.policy.reading import CLOCK, SUBSCRIPTION, at
from blossm_infra.policy.rule import Broken, Rule
from blossm_infra.settings import StackSettings

_SECURE = ("TLS_1_2", "TLS_1_3")
_SSL = "gcp:compute/sSLPolicy:SSLPolicy"
_HTTPS = "gcp:compute/targetHttpsProxy:TargetHttpsProxy"


def _signed(plan: Plan, stack: StackSettings) -> Broken:
    for subscription in plan.of(SUBSCRIPTION):
        if not at(subscription, "pushConfig"):
            yield subscription, "nobody pulls, so it must push: it has no `push_config`"
        elif not at(subscription, "pushConfig", "oidcToken", "serviceAccountEmail"):
            yield subscription, "it pushes without a token: `push_config` has no `oidc_token`"
        if at(subscription, "expirationPolicy", "ttl") != "":
            yield subscription, 'it ends when it was idle for a month: `expiration_policy` has no ttl of ""'
    for clock in plan.of(CLOCK):
        if not at(clock, "httpTarget", "oidcToken", "serviceAccountEmail"):
            yield clock, "it calls without a token: `http_target` has no `oidc_token`"


def _encrypted(plan: Plan, stack: StackSettings) -> Broken:
    for policy in plan.of(_SSL):
        if at(policy, "minTlsVersion") not in _SECURE:
            yield policy, f"it takes {at(policy, 'minTlsVersion') or 'TLS_1_0'}"
    for proxy in plan.of(_HTTPS):
        if not at(proxy, "sslPolicy"):
            yield proxy, "it has no `ssl_policy`, and so takes TLS 1.0"


RULES = (
    Rule(
        id="BP107",
        says="What Google calls carries a token, and no subscription ends by itself.",
        reason="Without a token nobody is called; a subscription that ended stops a projection without a word.",
        fix='Set `oidc_token` with an account that may call, and `expiration_policy` with the ttl "".',
        check=_signed,
    ),
    Rule(
        id="BP117",
        says="The world speaks TLS 1.2 or newer.",
        reason="Older ones are broken.",
        fix="Give the proxy an `SSLPolicy` with `min_tls_version` TLS_1_2.",
        check=_encrypted,
    ),
)
