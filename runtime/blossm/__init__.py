"""Blossm: event sourcing and CQRS as a network of eight kinds of procedures.

This is everything that handler code imports.
"""

from blossm.core.errors import (
    BadRequest,
    BlossmError,
    Conflict,
    DeadlineExceeded,
    Internal,
    KeyReused,
    NotFound,
    PayloadTooLarge,
    PermissionDenied,
    PreconditionFailed,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
)
from blossm.core.event import Aggregate, Event, LoggedEvent
from blossm.core.request import Answer, Cookie, Reply
from blossm.handlers import view
from blossm.handlers.command import Command
from blossm.handlers.fact import Fact

__all__ = [
    "Aggregate",
    "Answer",
    "BadRequest",
    "BlossmError",
    "Command",
    "Conflict",
    "Cookie",
    "DeadlineExceeded",
    "Event",
    "Fact",
    "Internal",
    "KeyReused",
    "LoggedEvent",
    "NotFound",
    "PayloadTooLarge",
    "PermissionDenied",
    "PreconditionFailed",
    "Reply",
    "ResourceExhausted",
    "Unauthenticated",
    "Unavailable",
    "view",
]
