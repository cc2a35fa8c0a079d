"""Starts a plugin as the engine does it: by an executable on PATH, which tells its port on stdout."""

from __future__ import annotations

import contextlib
import sys
import threading

from pulumi.runtime.proto import language_pb2_grpc, provider_pb2_grpc
from tools.pulumi.plugins.journal import Journal
from tools.pulumi.plugins.serving import served


def main(what: str, *words: str) -> None:
    """`what` is a package that a provider stands in for, or `language`. The engine's address is the last of its words."""
    with served(_servicer(what, words)) as port, contextlib.suppress(KeyboardInterrupt):  # how the engine ends its plugins
        print(port, flush=True)
        threading.Event().wait()


def _servicer(
    what: str, words: tuple[str, ...]
) -> provider_pb2_grpc.ResourceProviderServicer | language_pb2_grpc.LanguageRuntimeServicer:
    if what == "language":
        from tools.pulumi.plugins.language import LanguageHost

        return LanguageHost(words[-1])
    from tools.pulumi.plugins.provider import Provider

    return Provider(what, Journal.of_environment())


if __name__ == "__main__":
    main(*sys.argv[1:])
