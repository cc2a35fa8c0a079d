"""Programs that run in the test's own process: what is imported once need not be imported for each command."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import runpy
import traceback
from pathlib import Path
from typing import Any

import grpc
import pulumi
from google.protobuf import empty_pb2
from pulumi.runtime import Settings, configure, run_in_stack, set_all_config
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, language_pb2, resource_pb2_grpc
from pulumi.runtime.settings import _shutdown_callbacks
from tools.pulumi.plugins.language import LanguageHost

from blossm_infra.harness.economy import economically


class InlineHost(LanguageHost):
    """Runs programs as Pulumi's own script does, but in this process."""

    def Run(self, request: language_pb2.RunRequest, context: Any) -> language_pb2.RunResponse:
        return contextvars.Context().run(_run, request, context)


class _Engine:
    """Is told what is for people. What the SDK tells debuggers would be several calls a resource, and most of a run."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = engine_pb2_grpc.EngineStub(channel)

    def Log(self, request: engine_pb2.LogRequest) -> empty_pb2.Empty:
        return empty_pb2.Empty() if request.severity == engine_pb2.DEBUG else self._stub.Log(request)


# One run's channels share nothing with another's: an engine may get the port of one that has gone, and gRPC would remember.
_CHANNEL = (("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1))


def _run(request: language_pb2.RunRequest, context: Any) -> language_pb2.RunResponse:
    with (
        grpc.insecure_channel(request.monitor_address, _CHANNEL) as monitor,
        grpc.insecure_channel(request.args[0], _CHANNEL) as engine,
    ):
        return _run_by(resource_pb2_grpc.ResourceMonitorStub(monitor), _Engine(engine), request, context)


def _run_by(monitor: Any, engine: _Engine, request: language_pb2.RunRequest, context: Any) -> language_pb2.RunResponse:
    configure(
        Settings(
            monitor=monitor,
            engine=engine,
            project=request.project,
            stack=request.stack,
            parallel=request.parallel,
            dry_run=request.dryRun,
            organization=request.organization,
            root_directory=request.info.root_directory,
        )
    )
    set_all_config(dict(request.config), list(request.configSecretKeys))
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # as Pulumi's script: a program that failed leaves much behind
    program = Path(request.info.program_directory) / request.info.entry_point
    loop = asyncio.new_event_loop()
    context.add_callback(lambda: _stop(loop))
    try:
        with economically():
            loop.run_until_complete(run_in_stack(lambda: _main(program)))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return language_pb2.RunResponse(error="the program ended with an error")
    except Exception:  # whatever a program raises is told to its user
        pulumi.log.error(traceback.format_exc())
        return language_pb2.RunResponse(bail=True)
    finally:
        _close(loop)
    return language_pb2.RunResponse()


def _stop(loop: asyncio.AbstractEventLoop) -> None:
    """An engine that has failed goes without a word, and what the program still waits for never comes."""
    with contextlib.suppress(RuntimeError):  # it was closed: the program had ended first
        loop.call_soon_threadsafe(loop.stop)


def _close(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(_shutdown_callbacks())  # type: ignore[no-untyped-call]  # a run that was stopped did not come to it
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


def _main(program: Path) -> None:
    runpy.run_path(str(program), run_name="__main__")
