"""A Pulumi program run as Pulumi's own script does, in a process that was forked with everything imported."""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
import pkgutil
import runpy
import sys
import traceback
from pathlib import Path
from types import ModuleType

import grpc
import pulumi
from google.protobuf import empty_pb2
from pulumi.runtime import Settings, configure, run_in_stack, set_all_config
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, language_pb2
from tools.pulumi.plugins.language import TOLD

import blossm_infra
from blossm_infra.harness.economy import economically

FAILED = 1


class _Engine:
    """Is told what is for people. What the SDK tells debuggers would be several calls a resource, and most of a run."""

    def __init__(self, address: str) -> None:
        self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def Log(self, request: engine_pb2.LogRequest) -> empty_pb2.Empty:
        return empty_pb2.Empty() if request.severity == engine_pb2.DEBUG else self._stub.Log(request)


def run(serialized: bytes) -> None:
    """Ends the process as the script would: with `TOLD` where the program's user was told why it failed."""
    request = language_pb2.RunRequest.FromString(serialized)
    configure(
        Settings(
            monitor=request.monitor_address,
            engine=_Engine(request.args[0]),
            project=request.project,
            stack=request.stack,
            parallel=request.parallel,
            dry_run=request.dryRun,
            organization=request.organization,
            root_directory=request.info.root_directory,
        )
    )
    set_all_config(dict(request.config), list(request.configSecretKeys))
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # as the script: a program that failed leaves much behind
    program = Path(request.info.program_directory) / request.info.entry_point
    try:
        with economically():
            asyncio.run(run_in_stack(lambda: _main(program)))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        sys.exit(FAILED)
    except Exception:  # whatever a program raises is told to its user
        pulumi.log.error(traceback.format_exc())
        sys.exit(TOLD)


def _main(program: Path) -> None:
    runpy.run_path(str(program), run_name="__main__")


def _import_all() -> None:
    """All that programs import, and the parts of pulumi_gcp behind it, which are loaded when somebody looks into them.

    Nothing of it is garbage: looking for some would be a quarter of the time.
    """
    gc.disable()
    for module in pkgutil.walk_packages(blossm_infra.__path__, f"{blossm_infra.__name__}."):
        for held in vars(importlib.import_module(module.name)).values():
            if isinstance(held, ModuleType):
                getattr(held, "__all__", None)
    gc.enable()
    gc.freeze()  # what a fork does not touch is not copied


_import_all()
