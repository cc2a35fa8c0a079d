"""A provider that speaks Pulumi's real protocol and reaches no cloud: a resource exists when the engine's state says so."""

from __future__ import annotations

import hashlib
import importlib.metadata
from typing import Any, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi import _types
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc
from tools.pulumi.plugins.changes import changed, is_write_only, replaces
from tools.pulumi.plugins.journal import AskedToFail, Entry, Journal
from tools.pulumi.plugins.refusals import refusal

from blossm_infra.harness import answers, strict
from blossm_infra.harness.wire import UNKNOWN, decode, encode

_Properties = dict[str, Any]
_NAME = 63  # the longest physical name that is made for a resource that has none


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Strict by the SDK's own types. What it creates, updates or deletes goes into the journal."""

    def __init__(self, package: str, journal: Journal) -> None:
        self._package, self._journal, self._project = package, journal, answers.PROJECT

    def Handshake(self, request: Any, context: Any) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True, accept_outputs=True)

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=importlib.metadata.version(f"pulumi_{self._package}"))

    def GetSchema(self, request: Any, context: Any) -> provider_pb2.GetSchemaResponse:
        return provider_pb2.GetSchemaResponse(schema="{}")

    def CheckConfig(self, request: provider_pb2.CheckRequest, context: Any) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: provider_pb2.ConfigureRequest, context: Any) -> provider_pb2.ConfigureResponse:
        self._project = request.variables.get(f"{self._package}:config:project", self._project)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, acceptResources=True, acceptOutputs=True, supportsPreview=True)

    def Attach(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:
        if request.tok not in answers.INVOKES:
            _refuse(context, grpc.StatusCode.UNIMPLEMENTED, f"offline, nothing answers {request.tok}")
        answer = answers.INVOKES[request.tok]
        said = answer(decode(request.args)) if callable(answer) else answer
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(encode(self._here(dict(said))))  # the field is called by a keyword
        return response

    def Check(self, request: provider_pb2.CheckRequest, context: Any) -> provider_pb2.CheckResponse:
        token, name = _parts(request.urn)
        inputs = decode(request.news)
        found = strict.problems(token, inputs)
        if _is_named(token) and not inputs.get("name"):
            inputs["name"] = decode(request.olds).get("name") or _made_up_name(request.urn, name)
        failures = [provider_pb2.CheckFailure(property=each.partition(":")[0], reason=each) for each in found]
        return provider_pb2.CheckResponse(inputs=encode(inputs), failures=failures)

    def Diff(self, request: provider_pb2.DiffRequest, context: Any) -> provider_pb2.DiffResponse:
        token, _ = _parts(request.urn)
        ignored = set(request.ignoreChanges)
        keys = [key for key in changed(decode(request.old_inputs), decode(request.news)) if key not in ignored]
        kinds = provider_pb2.PropertyDiff
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if keys else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=keys,
            replaces=[key for key in keys if replaces(token, key)],
            detailedDiff={
                key: kinds(kind=kinds.UPDATE_REPLACE if replaces(token, key) else kinds.UPDATE, inputDiff=True) for key in keys
            },
            hasDetailedDiff=True,
        )

    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        token, name = _parts(request.urn)
        inputs = decode(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=encode(_without_values(token, inputs)))
        self._write(context, Entry("create", token, name))
        ident, outputs = answers.outputs(token, name, inputs)
        return provider_pb2.CreateResponse(id=self._here(ident), properties=encode(_readable(self._here(outputs))))

    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        token, name = _parts(request.urn)
        before, inputs = decode(request.old_inputs), decode(request.news)
        if not request.preview:
            self._write(context, Entry("update", token, name))
        kept = {key: value for key, value in decode(request.olds).items() if key not in before}
        return provider_pb2.UpdateResponse(properties=encode(_readable({**kept, **inputs})))

    def Read(self, request: provider_pb2.ReadRequest, context: Any) -> provider_pb2.ReadResponse:
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        token, name = _parts(request.urn)
        if why := refusal(token, decode(request.properties)):
            _refuse(context, grpc.StatusCode.FAILED_PRECONDITION, f"{name} may not be deleted: {why}")
        self._write(context, Entry("delete", token, name))
        return empty_pb2.Empty()

    def _write(self, context: grpc.ServicerContext, entry: Entry) -> None:
        try:
            self._journal.write(entry)
        except AskedToFail as asked:
            _refuse(context, grpc.StatusCode.INTERNAL, str(asked))

    def _here(self, value: Any) -> Any:
        """An answer is of a sample project: as that of the stack's."""
        match value:
            case str():
                return value.replace(answers.PROJECT, self._project)
            case dict():
                return {key: self._here(inner) for key, inner in value.items()}
            case list():
                return [self._here(inner) for inner in value]
            case _:
                return value


def _parts(urn: str) -> tuple[str, str]:
    """The type and the name in `urn:pulumi:stack::project::parents$type::name`."""
    _, _, types, name = urn.split("::", 3)
    return types.split("$")[-1], name


def _is_named(token: str) -> bool:
    """Whether the bridge would make up a name. A binding's `name` is that of what it is for."""
    return "name" in _types.input_type_types(strict.args_class(token)) and not token.lower().endswith("iammember")


def _made_up_name(urn: str, name: str) -> str:
    digest = hashlib.sha256(urn.encode()).hexdigest()[:7]
    return f"{name[: _NAME - 8]}-{digest}".lower()


def _without_values(token: str, inputs: _Properties) -> _Properties:
    """Before it exists everything is unknown that is not said."""
    computed = set(_types.resource_types(strict.resource_class(token))) - {"id", "urn"}
    return _readable(dict.fromkeys(sorted(computed), UNKNOWN) | inputs)


def _readable(properties: _Properties) -> _Properties:
    """A write-only argument is among a resource's inputs, and never among what can be read of it."""
    return {key: value for key, value in properties.items() if not is_write_only(key)}


def _refuse(context: grpc.ServicerContext, code: grpc.StatusCode, why: str) -> NoReturn:
    context.abort(code, why)
    raise AssertionError(why)  # abort raises, which its type does not say
