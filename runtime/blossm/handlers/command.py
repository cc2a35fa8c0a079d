"""`Command`: what the function of a command gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic

from blossm.core.event import Event
from blossm.core.request import Answer
from blossm.core.spelling import copied
from blossm.handlers.asked import Asked

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from blossm.core.commit import EventRef
    from blossm.handlers.acting import Actor
    from blossm.handlers.job import Job
    from blossm.handlers.reading import Reader
    from blossm.model.network import CommandSpec

    Payload = TypeVar("Payload", default=dict[str, Any])
else:
    from typing import TypeVar

    Payload = TypeVar("Payload")


class Command(Asked, Generic[Payload]):
    """A request to a command, and what it may read and do."""

    payload: Payload
    options: dict[str, Any]

    def __init__(self, job: Job[CommandSpec], payload: Payload, reader: Reader, actor: Actor) -> None:
        super().__init__(job, reader)
        self.payload = payload
        self.options = copied(job.request.options)
        self._actor = actor

    async def call(
        self,
        address: str,
        payload: Mapping[str, Any] | None = None,
        *,
        root: str | None = None,
        later: datetime | timedelta | str | float | None = None,
    ) -> Answer:
        """Call another command: now, or at a time (RFC 3339) or in some seconds.

        What is called later is kept with the next commit, and then called exactly once in effect; its answer says
        nothing. Raises what the command raises, and DeadlineExceeded when this one's deadline has passed.
        """
        return await self._actor.call(address, payload, root=root, later=later)

    async def log(self, events: Sequence[Event]) -> tuple[EventRef, ...]:
        """Log events now, in a commit of their own, if all that was read is still true.

        Raises Conflict when it is not, and DeadlineExceeded when the deadline has passed.
        """
        return await self._actor.log(events)

    def new_root(self) -> str:
        """The id of a thing that begins to be; the same again when the request is repeated."""
        return self._actor.new_root()
