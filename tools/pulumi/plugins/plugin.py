"""Starts a provider as the engine does it: by an executable on PATH, which tells its port on stdout."""

from __future__ import annotations

import contextlib
import sys
import threading

from tools.pulumi.plugins.journal import Journal
from tools.pulumi.plugins.provider import Provider
from tools.pulumi.plugins.serving import served


def main(package: str) -> None:
    """`package` is the one that a provider stands in for."""
    with (
        served(Provider(package, Journal.of_environment())) as port,
        contextlib.suppress(KeyboardInterrupt),
    ):  # so the engine ends it
        print(port, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1])
