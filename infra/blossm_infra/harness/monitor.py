"""The monitor that a program talks to instead of an engine: it answers, checks and writes everything down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from google.protobuf import empty_pb2
from pulumi.runtime import mocks
from pulumi.runtime.proto import engine_pb2, resource_pb2

from blossm_infra.harness import strict
from blossm_infra.harness.answers import Answer
from blossm_infra.harness.plan import STACK, Registered
from blossm_infra.harness.wire import UNKNOWN, Secret, decode, encode

Outputs = Callable[[str, str, dict[str, Any]], tuple[str, dict[str, Any]]]
Stacks = Mapping[str, Mapping[str, Any]]
STACK_REFERENCE = "pulumi:pulumi:StackReference"
READ_STACK = "pulumi:pulumi:readStackOutputs"
_SEVERITIES = {engine_pb2.INFO: "info", engine_pb2.WARNING: "warning", engine_pb2.ERROR: "error"}
_MOMENTS = ("before_create", "after_create", "before_update", "after_update", "before_delete", "after_delete", "on_error")


class Unanswered(LookupError):
    """A program has called a function of a provider, and nothing answers it here."""

    def __init__(self, token: str) -> None:
        super().__init__(f"nothing answers the invoke {token}: pass `invokes={{{token!r}: …}}`, its results")
        self.token = token


class Monitor(mocks.MockMonitor):
    """Registers as the engine does, and keeps what is wrong in `problems`, so that a run tells all of it at once."""

    def __init__(self, *, unknowns: bool, outputs: Outputs, invokes: Mapping[str, Answer], stacks: Stacks) -> None:
        super().__init__(cast("mocks.Mocks", None))  # every method that would ask the mocks is replaced below
        self._unknowns, self._outputs, self._answers, self._stacks = unknowns, outputs, invokes, stacks
        self.registered: dict[str, Registered] = {}
        self.invokes: list[str] = []
        self.problems: list[str] = []

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """As an engine does: with the types of all components above, but not the stack's."""
        above = parent.split("::")[2] if parent else STACK
        urn: str = super().make_urn("", type_ if above == STACK else f"{above}${type_}", name)
        return urn

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        urn = self.make_urn(request.parent, request.type, request.name)
        if urn in self.registered:
            self.problems.append(f"{request.type} ({request.name}): registered twice ({urn})")
        inputs = decode(request.object)
        registered = self.registered[urn] = _registered(urn, request, inputs)
        if not request.custom or request.type.startswith("pulumi:"):
            ident = "provider" if request.custom else ""  # a provider's id is known, or what it makes would not be
            return resource_pb2.RegisterResourceResponse(urn=urn, id=ident, object=request.object)
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
        response = resource_pb2.ResourceInvokeResponse()
        answer = self._answer(request.tok, decode(request.args))
        getattr(response, "return").CopyFrom(encode(dict(answer)))  # the field is called by a keyword
        return response

    def _answer(self, token: str, arguments: dict[str, Any]) -> Mapping[str, Any]:
        if token in self._answers:
            answer = self._answers[token]
            return answer(arguments) if callable(answer) else answer
        if token == READ_STACK:
            return self._stack(arguments["name"])
        raise Unanswered(token)

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type != STACK_REFERENCE:  # told at the end: the SDK leaves coroutines behind where this is raised
            self.problems.append(f"{request.type} ({request.name}): reading a resource that exists needs an engine")
            return resource_pb2.ReadResourceResponse(urn=urn)
        read = self._stack(request.id)
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

    def _stack(self, name: str) -> dict[str, Any]:
        """What a stack exports; with `unknowns`, one that nobody told of may export anything."""
        if name in self._stacks:
            exported = self._stacks[name]
            secrets = [key for key, value in exported.items() if isinstance(value, Secret)]
            return {"name": name, "outputs": dict(exported), "secretOutputNames": secrets}
        if not self._unknowns:
            self.problems.append(f"nothing is known of the stack {name}: pass `stacks={{{name!r}: {{…}}}}`, its outputs")
        return {"name": name, "outputs": UNKNOWN, "secretOutputNames": []}

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
    timeouts = request.customTimeouts
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
        version=request.version,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        aliases=tuple(said for alias in request.aliases if (said := alias.urn or alias.spec.name)),  # not the SDK's own
        import_id=request.importId,
        deleted_with=request.deletedWith,
        timeouts={key: getattr(timeouts, key) for key in ("create", "update", "delete") if getattr(timeouts, key)},
        hooks=tuple(dict.fromkeys(hook for moment in _MOMENTS for hook in getattr(request.hooks, moment))),
        hooks_at={moment: tuple(found) for moment in _MOMENTS if (found := getattr(request.hooks, moment))},
    )
