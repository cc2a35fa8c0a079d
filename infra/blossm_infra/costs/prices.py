"""List prices: the one table. In US dollars, for regions of Google's first tier, such as europe-west1."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from blossm_infra.stacks import Tier

AS_OF = date(2026, 11, 30)
"""When somebody last went through the table."""

HOURS = 730  # of a month, as Google and Atlas count it
_SECONDS = HOURS * 3600

_RUN = "https://cloud.google.com/run/pricing"
_ATLAS = "https://www.mongodb.com/pricing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """`listed` is what the seller's page says, `month` the same for a whole month.

    `unsure` says what keeps the price from being certain; empty: it was read on a copy of `source`, which may be older
    than the table.
    """

    what: str
    listed: str
    month: float
    source: str
    unsure: str = ""


_FROM_MEMORY = "not found in a readable copy of the page"
_OF_AWS = "read for AWS; that of Google Cloud, and of the region, may differ"

AWAKE_CPU = Price(
    what="a CPU of a kept instance that always has it", listed="0.000018 a second", month=0.000018 * _SECONDS, source=_RUN
)
AWAKE_MEMORY = Price(
    what="a GiB of memory of an instance that always has its CPU",
    listed="0.000002 a second",
    month=0.000002 * _SECONDS,
    source=_RUN,
    unsure=_FROM_MEMORY,
)
IDLE_CPU = Price(
    what="a CPU of a kept instance that has it only while it answers",
    listed="0.0000025 a second without requests",
    month=0.0000025 * _SECONDS,
    source=_RUN,
    unsure=_FROM_MEMORY,
)
IDLE_MEMORY = Price(
    what="a GiB of memory of an instance that has its CPU only while it answers",
    listed="0.0000025 a second",
    month=0.0000025 * _SECONDS,
    source=_RUN,
    unsure="read on pages of others",
)
FORWARDING = Price(
    what="a load balancer: up to five forwarding rules, with their addresses",
    listed="0.025 an hour",
    month=0.025 * HOURS,
    source="https://cloud.google.com/load-balancing/pricing",
)
ADDRESS = Price(
    what="the public address of a NAT",
    listed="0.005 an hour",
    month=0.005 * HOURS,
    source="https://cloud.google.com/nat/pricing",
)
NAT = Price(
    what="a NAT, for each kept instance that leaves by it",
    listed="0.0014 an hour",
    month=0.0014 * HOURS,
    source="https://cloud.google.com/nat/pricing",
)
ENDPOINT = Price(
    what="a private endpoint at a cluster",
    listed="0.01 an hour",
    month=0.01 * HOURS,
    source="https://cloud.google.com/vpc/pricing",
    unsure=_FROM_MEMORY,
)
ZONE = Price(
    what="a DNS zone", listed="0.20 a month", month=0.20, source="https://cloud.google.com/dns/pricing", unsure=_FROM_MEMORY
)
SCHEDULE = Price(
    what="a job of Cloud Scheduler", listed="0.10 a month", month=0.10, source="https://cloud.google.com/scheduler/pricing"
)
SECRET = Price(
    what="a version of a secret", listed="0.06 a month", month=0.06, source="https://cloud.google.com/secret-manager/pricing"
)
KEY = Price(what="a version of a signing key", listed="0.06 a month", month=0.06, source="https://cloud.google.com/kms/pricing")


def _cluster(tier: Tier, hour: float, *, unsure: str = _OF_AWS) -> Price:
    return Price(what=f"an Atlas cluster {tier}", listed=f"{hour:.2f} an hour", month=hour * HOURS, source=_ATLAS, unsure=unsure)


CLUSTERS: dict[Tier, Price] = {
    "M0": Price(what="an Atlas cluster M0", listed="free", month=0.0, source=_ATLAS),
    "FLEX": Price(
        what="an Atlas cluster FLEX, up to 100 operations a second",
        listed="8.00 a month; at most 30.00",
        month=8.0,
        source="https://www.mongodb.com/docs/atlas/billing/atlas-flex-costs/",
    ),
    "M10": _cluster("M10", 0.08),
    "M20": _cluster("M20", 0.20),
    "M30": _cluster("M30", 0.54),
    "M40": _cluster("M40", 1.04, unsure=_FROM_MEMORY),
    "M50": _cluster("M50", 2.00, unsure=_FROM_MEMORY),
    "M60": _cluster("M60", 3.95, unsure=_FROM_MEMORY),
    "M80": _cluster("M80", 7.30, unsure=_FROM_MEMORY),
}

PRICES: tuple[Price, ...] = (
    *CLUSTERS.values(),
    AWAKE_CPU,
    AWAKE_MEMORY,
    IDLE_CPU,
    IDLE_MEMORY,
    FORWARDING,
    ENDPOINT,
    ADDRESS,
    NAT,
    ZONE,
    SCHEDULE,
    SECRET,
    KEY,
)
