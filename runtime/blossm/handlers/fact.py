"""`Fact`: what the function of a fact gets. It reads; it has no way to log or to call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

from blossm.handlers.asked import Asked

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from blossm.handlers.job import Job
    from blossm.handlers.reading import Reader
    from blossm.model.network import FactSpec

    Query = TypeVar("Query", default=dict[str, Any])
else:
    from typing import TypeVar

    Query = TypeVar("Query")


class Fact(Asked, Generic[Query]):
    """A question to a fact, and what it may read."""

    query: Query

    def __init__(self, job: Job[FactSpec], query: Query, reader: Reader) -> None:
        super().__init__(job, reader)
        self.query = query
