"""What things in the cloud are called when people read of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_WORDS = {
    "gcp:cloudrunv2/service:Service": "Cloud Run service",
    "gcp:cloudrunv2/serviceIamMember:ServiceIamMember": "right to call",
    "gcp:cloudscheduler/job:Job": "schedule",
    "gcp:projects/service:Service": "API",
    "gcp:pubsub/subscription:Subscription": "push subscription",
    "gcp:pubsub/topicIAMMember:TopicIAMMember": "right to publish",
    "gcp:serviceaccount/iAMMember:IAMMember": "right to an account",
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
    if what.startswith("right to"):
        return what.replace("right", "rights", 1)
    if re.search(r"[^aeiou]y$", what):
        return f"{what[:-1]}ies"
    return f"{what}es" if re.search(r"(s|x|ch|sh)$", what) else f"{what}s"


def listed(words: Iterable[str]) -> str:
    """How many there are of each, the most first: `13 accounts, 2 topics`."""
    return ", ".join(counted(count, what) for what, count in Counter(words).most_common())
