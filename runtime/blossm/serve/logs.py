"""What the parts of a network have to say, as plain lines on stderr."""

from __future__ import annotations

import logging
import sys
import time
import traceback
from collections.abc import MutableMapping
from typing import Any


def log_to_stderr(procedure: str = "") -> None:
    """Send our logs and those of the libraries to stderr: stdout is for data. Each line names the procedure, if one is given."""
    import structlog

    whose = f"{procedure} " if procedure else ""

    def named(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
        return whose + line(logger, method, event)

    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format=f"{whose}%(levelname)s %(name)s: %(message)s")
    structlog.configure(
        processors=[structlog.stdlib.add_log_level, named if whose else line],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """`12:00:01 info answered door=c.bicycle.shop status=200`; written by hand, since every request writes one."""
    words = [time.strftime("%H:%M:%S"), str(event.pop("level", "")), str(event.pop("event", ""))]
    error = event.pop("exc_info", None)
    words += [f"{name}={_word(value)}" for name, value in event.items()]
    return " ".join(words) + _traceback(error)


def _word(value: Any) -> str:
    """A value on one line, quoted where it would not read as one word."""
    text = value if isinstance(value, str) else repr(value)
    return repr(text) if isinstance(value, str) and (not text.isprintable() or " " in text or not text) else text


def _traceback(error: Any) -> str:
    match error:
        case BaseException():
            lines = traceback.format_exception(error)
        case True:
            lines = traceback.format_exception(*sys.exc_info())
        case _:
            return ""
    return "\n" + "".join(lines).rstrip()
