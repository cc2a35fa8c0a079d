"""Where a cluster stands: Atlas has names of its own for Google's regions."""

from __future__ import annotations

from collections.abc import Iterator

from blossm_infra.settings import StackSettings
from blossm_infra.stacks import SHARED, STORES

# mongodb.com/docs/atlas/reference/google-gcp. Not every region has M0 and FLEX; Atlas says so when it makes the cluster.
ATLAS_REGIONS = {
    "africa-south1": "AFRICA_SOUTH_1",
    "asia-east1": "EASTERN_ASIA_PACIFIC",
    "asia-east2": "ASIA_EAST_2",
    "asia-northeast1": "NORTHEASTERN_ASIA_PACIFIC",
    "asia-northeast2": "ASIA_NORTHEAST_2",
    "asia-northeast3": "ASIA_NORTHEAST_3",
    "asia-south1": "ASIA_SOUTH_1",
    "asia-south2": "ASIA_SOUTH_2",
    "asia-southeast1": "SOUTHEASTERN_ASIA_PACIFIC",
    "asia-southeast2": "ASIA_SOUTHEAST_2",
    "australia-southeast1": "AUSTRALIA_SOUTHEAST_1",
    "australia-southeast2": "AUSTRALIA_SOUTHEAST_2",
    "europe-central2": "EUROPE_CENTRAL_2",
    "europe-north1": "EUROPE_NORTH_1",
    "europe-southwest1": "EUROPE_SOUTHWEST_1",
    "europe-west1": "WESTERN_EUROPE",
    "europe-west10": "EUROPE_WEST_10",
    "europe-west12": "EUROPE_WEST_12",
    "europe-west2": "EUROPE_WEST_2",
    "europe-west3": "EUROPE_WEST_3",
    "europe-west4": "EUROPE_WEST_4",
    "europe-west6": "EUROPE_WEST_6",
    "europe-west8": "EUROPE_WEST_8",
    "europe-west9": "EUROPE_WEST_9",
    "me-central1": "MIDDLE_EAST_CENTRAL_1",
    "me-central2": "MIDDLE_EAST_CENTRAL_2",
    "me-west1": "MIDDLE_EAST_WEST_1",
    "northamerica-northeast1": "NORTH_AMERICA_NORTHEAST_1",
    "northamerica-northeast2": "NORTH_AMERICA_NORTHEAST_2",
    "northamerica-south1": "NORTH_AMERICA_SOUTH_1",
    "southamerica-east1": "SOUTH_AMERICA_EAST_1",
    "southamerica-west1": "SOUTH_AMERICA_WEST_1",
    "us-central1": "CENTRAL_US",
    "us-east1": "EASTERN_US",
    "us-east4": "US_EAST_4",
    "us-east5": "US_EAST_5",
    "us-south1": "US_SOUTH_1",
    "us-west1": "WESTERN_US",
    "us-west2": "US_WEST_2",
    "us-west3": "US_WEST_3",
    "us-west4": "US_WEST_4",
}


def atlas_region(settings: StackSettings) -> str:
    """The region of the stack's clusters: what `blossm:atlas` says, or that of its procedures. Empty: Atlas has none there."""
    return settings.atlas.region or ATLAS_REGIONS.get(settings.region, "")


def region_problems(settings: StackSettings) -> Iterator[str]:
    """What is wrong with where the clusters would stand."""
    region, here = atlas_region(settings), ATLAS_REGIONS.get(settings.region, "")
    if not region:
        yield (
            f"{settings.file.at(('gcp:region',))}: `gcp:region` is `{settings.region}`, for which no region of Atlas "
            "is known here; name one: `blossm:atlas: {region: WESTERN_EUROPE, …}`"
        )
        return
    private = [kind for kind in STORES if settings.tier(kind) not in SHARED]
    if private and here and region != here:
        where, tier = settings.file.at(("blossm:atlas", "region")), settings.tier(private[0])
        yield (
            f"{where}: `blossm:atlas.region` is `{region}`, but the cluster of the {private[0]}s is {tier}, and a private "
            f"endpoint leads to clusters of its own region only: leave it out, or say `{here}`, as `gcp:region` does"
        )
