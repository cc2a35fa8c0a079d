"""What the engine calls a plugin: a gRPC server on a port of its own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent import futures
from contextlib import ExitStack, contextmanager

import grpc
from pulumi.runtime.proto import language_pb2_grpc, provider_pb2_grpc
from tools.pulumi.plugins.journal import Journal

PACKAGES = ("gcp", "mongodbatlas")
_WORKERS = 16
_GRACE = 10.0  # seconds


@contextmanager
def served(servicer: provider_pb2_grpc.ResourceProviderServicer | language_pb2_grpc.LanguageRuntimeServicer) -> Iterator[int]:
    """A provider or a language host, on the port that this answers."""
    server = grpc.server(futures.ThreadPoolExecutor(_WORKERS), options=[("grpc.max_receive_message_length", -1)])
    if isinstance(servicer, provider_pb2_grpc.ResourceProviderServicer):
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    else:
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait(_GRACE)


@contextmanager
def providers(journal: Journal) -> Iterator[dict[str, str]]:
    """Every provider in this process, and the variable by which the engine finds them there: it need not start any."""
    from tools.pulumi.plugins.provider import Provider

    with ExitStack() as stack:
        ports = [f"{package}:{stack.enter_context(served(Provider(package, journal)))}" for package in PACKAGES]
        yield {"PULUMI_DEBUG_PROVIDERS": ",".join(ports)}
