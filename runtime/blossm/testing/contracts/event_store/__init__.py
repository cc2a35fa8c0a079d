"""What the event stores of a service promise to who calls them, as a suite, one idea a file.

Subclass `EventStoreContract` and say in `log` and `states` how empty stores are made; `client` may be overridden to
reach the event stores by another way.
"""

from __future__ import annotations

from blossm.testing.contracts.event_store.aggregates import Aggregates
from blossm.testing.contracts.event_store.appends import Appends
from blossm.testing.contracts.event_store.bounds import Bounds
from blossm.testing.contracts.event_store.expectations import Expectations
from blossm.testing.contracts.event_store.let_in import LetIn
from blossm.testing.contracts.event_store.pinned import Pinned
from blossm.testing.contracts.event_store.questions import Questions
from blossm.testing.contracts.event_store.read_sets import ReadSets
from blossm.testing.contracts.event_store.reading import Reading
from blossm.testing.contracts.event_store.repeats import Repeats
from blossm.testing.contracts.event_store.uniqueness import Uniqueness

__all__ = ["EventStoreContract"]


class EventStoreContract(
    Appends,
    Expectations,
    ReadSets,
    Uniqueness,
    Pinned,
    Repeats,
    Bounds,
    LetIn,
    Aggregates,
    Questions,
    Reading,
):
    """The suite."""
