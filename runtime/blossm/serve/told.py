"""Known errors as people read them: one message, what is off, a `help:` line, and the exit code that goes with it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from blossm.core.errors import BlossmError, Unavailable
from blossm.handlers.modules import HandlerError

FINDINGS = 1
ENVIRONMENT = 2
_OURS = ("blossm.local", "blossm.serve")  # their errors are about this machine


class DidNotStart(BlossmError):
    """A process of the network can't be served: what it said of that, and the exit code that goes with it."""

    def __init__(self, text: str, *, code: int) -> None:
        super().__init__(text)
        self.exit_code = code


def words(error: BaseException) -> tuple[str, int] | None:
    """What to tell of a known error, and the exit code; None for one that nobody knows of."""
    match error:
        case DidNotStart():
            return error.message, error.exit_code
        case HandlerError():
            return f"error: {error}", FINDINGS
        case BlossmError():
            ours = isinstance(error, Unavailable) or type(error).__module__.startswith(_OURS)
            return "\n".join(_lines(error)), ENVIRONMENT if ours else FINDINGS
        case OSError():  # a disk that is full, a file that may not be read: the machine has said no
            return f"error: {f'{error.filename}: ' if error.filename else ''}{error.strerror or error}", ENVIRONMENT
        case BaseExceptionGroup() if len(error.exceptions) == 1:
            return words(error.exceptions[0])
        case _:
            return None


def _lines(error: BlossmError) -> Iterator[str]:
    named = type(error).__module__ == "blossm.core.errors" and error.message != error.code()
    yield f"error: {f'{error.code()}: ' if named else ''}{error.message}"
    for field in error.fields:
        yield f"  {field.path}: {field.problem}"
    for name, fact in error.facts.items():
        yield f"  {name}: {fact if isinstance(fact, str) else json.dumps(fact, default=repr)}"
    if error.help:
        yield f"help: {error.help}"
