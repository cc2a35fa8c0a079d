"""Event stores, commands and facts."""

from __future__ import annotations

from blossm.model.diagnostics import did_you_mean
from blossm.model.fields import Field, loosened
from blossm.model.link import handlers, references
from blossm.model.link.examples import check_examples
from blossm.model.link.fields import check_indexes
from blossm.model.link.index import Draft, Index
from blossm.model.link.procedure import shared
from blossm.model.link.types import BROKEN
from blossm.model.names import NAME
from blossm.model.network import Action, CommandSpec, EventStoreSpec, FactSpec, Handler
from blossm.model.schema.procedures import ActionKeys, CommandKeys, EventStoreKeys, FactKeys
from blossm.model.schema.reading import found, read, without_extensions
from blossm.model.schema.values import name_help

Schema = dict[str, Field]


def event_store(draft: Draft, index: Index) -> EventStoreSpec:
    """The events of one domain."""
    keys: EventStoreKeys = draft.keys
    schema = index.types.fields(draft.document, ("schema",), draft.placed.headers)
    actions = _actions(draft, schema, index)
    check_indexes(keys.indexes, schema, draft, index)
    upcasters = handlers.beside(draft, "upcasters.py")
    for action in actions.values():
        _check_upcasters(action, upcasters, draft, index)
    folds = handlers.whole(draft, index, module="events.py", required=False)
    if folds:
        for name in actions:
            handlers.tell_unfit(folds.file, name, ("state", "event"), index, pure=True)
    return EventStoreSpec(
        **shared(draft, index),
        schema=schema,
        actions=actions,
        indexes=tuple(keys.indexes),
        snapshots_every=keys.snapshots.every,
        retired=keys.retired,
        handler=folds,
        upcasters=upcasters if index.modules.module(upcasters) else "",
    )


def _actions(draft: Draft, schema: Schema, index: Index) -> dict[str, Action]:
    if not draft.sure("actions"):
        return {}
    data = without_extensions(draft.keys.actions)
    spot = draft.document.value("actions")
    if not isinstance(data, list | dict):
        help = f"write `[{data}]`" if isinstance(data, str) else ""
        index.findings.add("B105", f"`actions` takes a list, or keys and values, not {found(data)}", spot, help=help)
        return {}
    if not data:
        index.findings.add("B106", "`actions` must not be empty", spot)
    actions: dict[str, Action] = {}
    anything = loosened(schema)
    for at, word in enumerate(data):
        path = ("actions", at) if isinstance(data, list) else ("actions", word)
        name = word.replace("-", "_") if isinstance(word, str) else ""
        if not NAME.fullmatch(name):
            message = f"`{word}` can't be a name" if isinstance(word, str) else f"an action is a name, not {found(word)}"
            help = name_help(word) if isinstance(word, str) else ""
            index.findings.add("B601", message, draft.document.key(*path), help=help)
        elif name in actions:
            index.findings.add("B004", f"the action `{name}` stands here twice", draft.document.key(*path))
        else:
            actions[name] = _action(name, path, draft, schema, anything, index)
    return actions


def _action(name: str, path: tuple[str, str | int], draft: Draft, schema: Schema, anything: Schema, index: Index) -> Action:
    if isinstance(path[1], int):
        return Action(name=name, payload=anything)
    keys = read(ActionKeys, draft.document, path, index.findings)
    if keys is None or keys.fields_ is None:
        return Action(name=name, version=keys.version if keys else 1, payload=anything)
    payload: dict[str, Field] = {}
    for at, field in enumerate(keys.fields_):
        if field in schema:
            payload[field] = schema[field]
        elif draft.sure("schema"):
            help = did_you_mean(field, schema, there_are="its fields")
            spot = draft.document.value(*path, "fields", at)
            index.findings.add("B307", f"the schema has no field `{field}`", spot, help=help)
    return Action(name=name, version=keys.version, payload=payload)


def _check_upcasters(action: Action, file: str, draft: Draft, index: Index) -> None:
    """Refuse a version that older payloads can't be lifted to."""
    spot = draft.document.value("actions", action.name, "version")
    module = index.modules.module(file) if action.version > 1 else None
    if action.version > 1000:
        index.findings.add("B106", "an action can't have more than 1000 versions", spot)
        return
    for version in range(1, action.version):
        function = f"{action.name}_{version}_to_{version + 1}"
        if module is None or not module.has(function):
            message = f"`{action.name}` is at version {action.version}, and nothing lifts version {version} to {version + 1}"
            index.findings.add("B205", message, spot, help=f"`{file}` needs `def {function}(payload)`")
        else:
            handlers.tell_unfit(file, function, ("payload",), index, pure=True)


def command(draft: Draft, index: Index) -> CommandSpec:
    """A single-purpose job."""
    keys: CommandKeys = draft.keys
    types, document, headers = index.types, draft.document, draft.placed.headers
    handler = handlers.named(draft, index, module="commands.py", signature="(command)")
    normalize = f"normalize_{draft.name}"
    module = index.modules.module(handler.file)
    payload = types.fields(document, ("payload",), headers)
    _check_main(handler, index)
    handlers.tell_unfit(handler.file, normalize, ("payload",), index, pure=True)
    _check_schedule(keys, payload, draft, index)
    check_examples(draft, index)
    return CommandSpec(
        **shared(draft, index),
        handler=handler,
        normalize=Handler(handler.file, normalize) if module and normalize in module.names else None,
        root=keys.root[0],
        root_context=keys.root[1],
        contexts=tuple(keys.contexts),
        payload=payload,
        response=types.response(document, ("response",), headers),
        calls=references.calls(draft, index),
        reads=references.reads(draft, index),
        logs=references.logs(draft, index),
        consistency=keys.consistency,
        retries=keys.retries,
        schedule=keys.schedule,
    )


def _check_main(handler: Handler, index: Index) -> None:
    """Refuse a command's function that can't be called, or that yields."""
    handlers.tell_unfit(handler.file, handler.function, ("command",), index)
    module = index.modules.module(handler.file)
    named = module.names.get(handler.function) if module else None
    if module and named and named.function and "generator" in named.shape:
        help = f"write `async def {handler.function}(command)`, and return a list of events"
        index.findings.add("B206", f"`{handler.function}` yields, and a command returns", module.spot(named.function), help=help)


def _check_schedule(keys: CommandKeys, payload: dict[str, Field], draft: Draft, index: Index) -> None:
    """Refuse a schedule for what needs something that only a caller has."""
    needs = [name for name, field in payload.items() if field.required and field is not BROKEN]
    if keys.schedule and (keys.root[0] in ("required", "context") or keys.contexts or needs):
        what = f"the field `{needs[0]}`" if needs else "a root" if keys.root[0] == "required" else "a token"
        spot = draft.document.value("schedule")
        help = "say `root: none` or `root: new`, or let another command call this one" if what == "a root" else ""
        index.findings.add("B106", f"a schedule calls without anything, and this command needs {what}", spot, help=help)


def fact(draft: Draft, index: Index) -> FactSpec:
    """Some specific information about the state of the app."""
    keys: FactKeys = draft.keys
    types, document, headers = index.types, draft.document, draft.placed.headers
    handler = handlers.named(draft, index, module="facts.py", signature="(fact)")
    handlers.tell_unfit(handler.file, handler.function, ("fact",), index)
    _check_stream(handler, draft, index)
    check_examples(draft, index)
    return FactSpec(
        **shared(draft, index),
        handler=handler,
        root=keys.root[0],
        root_context=keys.root[1],
        contexts=tuple(keys.contexts),
        query=types.fields(document, ("query",), headers),
        response=types.response(document, ("response",), headers),
        stream=keys.stream,
        reads=references.reads(draft, index),
    )


def _check_stream(handler: Handler, draft: Draft, index: Index) -> None:
    module = index.modules.module(handler.file)
    shape = module.shape(handler.function) if module else "other"
    if draft.keys.stream and shape in ("function", "generator"):
        help = f"write `async def {handler.function}(fact)` with `yield`"
        message = f"`{handler.function}` streams, and is no async generator"
        index.findings.add("B204", message, draft.document.key("stream"), help=help)
    elif not draft.keys.stream and shape in ("generator", "async generator"):
        message = f"`{handler.function}` yields, and the fact does not stream"
        index.findings.add("B204", message, draft.named_at, help="say `stream: true`, or return one answer")
