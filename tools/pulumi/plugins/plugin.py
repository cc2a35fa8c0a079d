"""Starts what the engine calls a plugin: a gRPC server on a port of its own, told on stdout."""

from __future__ import annotations

import contextlib
import sys
from concurrent import futures

import grpc
from pulumi.runtime.proto import language_pb2_grpc, provider_pb2_grpc
from tools.pulumi.plugins.journal import Journal

_WORKERS = 8


def main(what: str, *words: str) -> None:
    """`what` is a package that a provider stands in for, or `language`. The engine's address is the last of its words."""
    server = grpc.server(futures.ThreadPoolExecutor(_WORKERS), options=[("grpc.max_receive_message_length", -1)])
    if what == "language":
        from tools.pulumi.plugins.language import LanguageHost

        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost(words[-1]), server)
    else:
        from tools.pulumi.plugins.provider import Provider

        provider = Provider(what, Journal.of_environment())
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    with contextlib.suppress(KeyboardInterrupt):  # how the engine ends its plugins
        server.wait_for_termination()


if __name__ == "__main__":
    main(*sys.argv[1:])
