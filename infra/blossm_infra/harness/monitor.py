"""The monitor that a program talks to instead of an engine: it answers, checks and writes everything down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from google.protobuf import empty_pb2
from pulumi.runtime import mocks
from pulumi.runtime.proto import engine_pb2, resource_pb2

from blossm_infra.harness import strict
from blossm_infra.harness.plan import Registered
from blossm_infra.harness.wire import UNKNOWN, decode, encode

Outputs = Callable[[str, str, dict[str, Any]], tuple[str, dict[str, Any]]]
_SEVERITIES = {engine_pb2.INFO: "info", engine_pb2.WARNING: "warning", engine_pb2.ERROR: "error"}
STACK_REFERENCE = "pulumi:pulumi:StackReference"
_HOOKS = ("before_create", "after_create", "before_update", "after_update", "before_delete", "after_delete")


class Monitor(mocks.MockMonitor):
    """Registers as the engine does, and keeps what is wrong in `problems`, so that a run tells all of it at once."""

    def __init__(
        self,
        *,
        unknowns: bool,
        outputs: Outputs,
        invokes: Mapping[str, dict[str, Any]],
        stacks: Mapping[str, Mapping[str, Any]],
    ) -> None:
        super().__init__(cast("mocks.Mocks", None))  # every method that would ask the mocks is replaced below
        self._unknowns, self._outputs, self._answers, self._stacks = unknowns, outputs, invokes, stacks
        self.registered: dict[str, Registered] = {}
        self.invokes: list[str] = []
        self.problems: list[str] = []

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        urn: str = self.make_urn(request.parent, request.type, request.name)
        if urn in self.registered:
            self.problems.append(f"{request.type} ({request.name}): registered twice ({urn})")
        inputs = decode(request.object)
        registered = self.registered[urn] = _registered(urn, request, inputs)
        if not request.custom or request.type.startswith("pulumi:"):
            return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)
        self._check(registered)
        if self._unknowns:  # an id and outputs that aren't there are unknown to the SDK
            return resource_pb2.RegisterResourceResponse(urn=urn, id="", object=request.object)
        ident, registered.outputs = self._outputs(request.type, request.name, inputs)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=ident, object=encode(registered.outputs))

    def _check(self, resource: Registered) -> None:
        found = strict.problems(resource.type, resource.inputs)
        self.problems.extend(f"{resource.type} ({resource.name}): {problem}" for problem in found)

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:
        self.registered[request.urn].outputs = decode(request.outputs)
        return empty_pb2.Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:
        self.invokes.append(request.tok)
        if request.tok not in self._answers:
            raise LookupError(f"nothing answers the invoke {request.tok}: pass `invokes={{{request.tok!r}: …}}`")
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").CopyFrom(encode(self._answers[request.tok]))  # the field is called by a keyword
        return response

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:
        if request.type != STACK_REFERENCE:
            raise LookupError(f"{request.type} ({request.name}): reading a resource that exists needs an engine")
        urn: str = self.make_urn(request.parent, request.type, request.name)
        read = {"name": request.id, "outputs": self._outputs_of(request.id), "secretOutputNames": []}
        self.registered[urn] = Registered(
            type=request.type,
            name=request.name,
            urn=urn,
            parent=request.parent,
            custom=True,
            inputs={"name": request.id},
            outputs=read,
        )
        return resource_pb2.ReadResourceResponse(urn=urn, properties=encode(read))

    def _outputs_of(self, stack: str) -> Any:
        """What another stack exports; with `unknowns`, one that nobody told of may export anything."""
        if stack in self._stacks:
            return dict(self._stacks[stack])
        if self._unknowns:
            return UNKNOWN
        raise LookupError(f"nothing is known of the stack {stack}: pass `stacks={{{stack!r}: {{…}}}}`, its outputs")

    def Call(self, request: resource_pb2.ResourceCallRequest) -> Any:
        raise LookupError(f"nothing answers the call {request.tok}")


class Engine(mocks.MockEngine):
    """Keeps what the program says to its user."""

    def __init__(self) -> None:
        super().__init__(None)
        self.messages: list[str] = []

    def Log(self, request: engine_pb2.LogRequest) -> empty_pb2.Empty:
        if word := _SEVERITIES.get(request.severity):
            self.messages.append(f"{word}: {request.message}")
        return empty_pb2.Empty()


def _registered(urn: str, request: resource_pb2.RegisterResourceRequest, inputs: dict[str, Any]) -> Registered:
    return Registered(
        type=request.type,
        name=request.name,
        urn=urn,
        parent=request.parent,
        custom=request.custom,
        inputs=inputs,
        protect=bool(request.protect),
        retain_on_delete=bool(request.retainOnDelete),
        delete_before_replace=request.deleteBeforeReplace,
        depends_on=tuple(sorted(request.dependencies)),
        provider=request.provider,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        aliases=tuple(alias.urn or alias.spec.name for alias in request.aliases),
        hooks=tuple(hook for moment in _HOOKS for hook in getattr(request.hooks, moment)),
    )
