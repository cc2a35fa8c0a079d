"""A language host for a CLI that has none: it starts Python programs with Pulumi's own `pulumi-language-python-exec`.

A CLI from pulumi.com brings one of its own; one that `make tools` built has none, as Pulumi publishes no Go module of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

# Pulumi's script, which `make tools` takes from the same release as the CLI.
_EXEC = Path(__file__).parents[3] / ".tools" / "pulumi-language-python-exec"
TOLD = 32  # how it exits when the program failed and has told its user


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """What the engine needs to run a program; packages are found as plugins on PATH."""

    def Handshake(self, request: Any, context: Any) -> language_pb2.LanguageHandshakeResponse:
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version="1.0.0")

    def About(self, request: Any, context: Any) -> language_pb2.AboutResponse:
        return language_pb2.AboutResponse(executable=sys.executable, version=sys.version.split()[0])

    def GetRequiredPlugins(self, request: Any, context: Any) -> language_pb2.GetRequiredPluginsResponse:
        return language_pb2.GetRequiredPluginsResponse()

    def GetRequiredPackages(self, request: Any, context: Any) -> language_pb2.GetRequiredPackagesResponse:
        return language_pb2.GetRequiredPackagesResponse()

    def GetProgramDependencies(self, request: Any, context: Any) -> language_pb2.GetProgramDependenciesResponse:
        return language_pb2.GetProgramDependenciesResponse()

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> language_pb2.RuntimeOptionsResponse:
        return language_pb2.RuntimeOptionsResponse()

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[language_pb2.InstallDependenciesResponse]:
        return iter(())

    def Cancel(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def Run(self, request: language_pb2.RunRequest, context: Any) -> language_pb2.RunResponse:
        """The program runs with the Python of this host, whatever `virtualenv` says: it is the same in this repository.

        It ends with the engine that asked for it, and Ctrl-C is the engine's alone.
        """
        secret = json.dumps(list(request.configSecretKeys))
        config = {"PULUMI_CONFIG": json.dumps(dict(request.config)), "PULUMI_CONFIG_SECRET_KEYS": secret}
        command = [sys.executable, "-u", str(_EXEC), *self._options(request)]
        with subprocess.Popen(command, env={**os.environ, **config}, start_new_session=True) as program:
            context.add_callback(program.kill)  # does nothing to one that has ended
            code = program.wait()
        return ended(code)

    def _options(self, request: language_pb2.RunRequest) -> Iterator[str]:
        yield from ("--monitor", request.monitor_address, "--engine", request.args[0])
        yield from ("--project", request.project, "--stack", request.stack, "--organization", request.organization)
        yield from ("--pwd", request.info.program_directory, "--root_directory", request.info.root_directory)
        yield from ("--dry_run", "true" if request.dryRun else "false", "--parallel", str(request.parallel))
        yield request.info.entry_point or "."


def ended(code: int) -> language_pb2.RunResponse:
    """What the engine is told of a program that exited with this code."""
    match code:
        case 0:
            return language_pb2.RunResponse()
        case code if code == TOLD:
            return language_pb2.RunResponse(bail=True)
        case code:
            return language_pb2.RunResponse(error=f"Program exited with non-zero exit code: {code}")
