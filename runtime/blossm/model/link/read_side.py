"""View stores and projections."""

from __future__ import annotations

from collections import Counter

from blossm.model.diagnostics import did_you_mean
from blossm.model.fields import Field
from blossm.model.link import handlers, references
from blossm.model.link.examples import check_examples
from blossm.model.link.fields import check_field, check_text
from blossm.model.link.index import Draft, Index
from blossm.model.link.procedure import shared
from blossm.model.names import QUERY_WORDS
from blossm.model.network import Handler, ProjectionSpec, ViewStoreSpec
from blossm.model.schema.procedures import ProjectionKeys, ViewStoreKeys


def view_store(draft: Draft, index: Index) -> ViewStoreSpec:
    """Denormalized data."""
    keys: ViewStoreKeys = draft.keys
    schema = index.types.fields(draft.document, ("schema",), draft.placed.headers)
    _check_indexes(keys, schema, draft, index)
    _check_sorts(keys, schema, draft, index)
    check_text(keys.text, schema, draft, index)
    if keys.one and not draft.context:
        help = "say `context: garage` above it, or leave `one` out"
        message = "`one` is one row per context, and this view has no context"
        index.findings.add("B504", message, draft.document.key("one"), help=help)
    return ViewStoreSpec(
        **shared(draft, index),
        schema=schema,
        indexes=tuple(map(tuple, keys.indexes)),
        sorts=tuple(tuple(pair for item in sort for pair in item.items()) for sort in keys.sorts),
        text=tuple(keys.text),
        one=keys.one,
        format=handlers.format_of(draft, index),
    )


def _check_indexes(keys: ViewStoreKeys, schema: dict[str, Field], draft: Draft, index: Index) -> None:
    for at, paths in enumerate(keys.indexes):
        if not paths:
            index.findings.add("B106", "an index over nothing", draft.document.value("indexes", at))
        for which, path in enumerate(paths):
            spot = draft.document.value("indexes", at, which)
            if path in paths[:which]:
                index.findings.add("B004", f"`{path}` stands in this index twice", spot)
            if path in QUERY_WORDS:
                index.findings.add("B503", f"`{path}` is a word of every query, so no indexed field can be named so", spot)
            check_field(path, ("indexes", at, which), "an index", schema, draft, index)


def _check_sorts(keys: ViewStoreKeys, schema: dict[str, Field], draft: Draft, index: Index) -> None:
    for at, sort in enumerate(keys.sorts):
        if not sort or any(len(item) != 1 for item in sort):
            help = "write `[{painted: desc}, {name: asc}]`"
            index.findings.add("B106", "a sort is a list of one field each", draft.document.value("sorts", at), help=help)
        for which, item in enumerate(sort):
            for path in item:
                check_field(path, ("sorts", at, which), "a sort", schema, draft, index)


def projection(draft: Draft, index: Index) -> ProjectionSpec:
    """What maps events onto its view store."""
    keys: ProjectionKeys = draft.keys
    if not index.has("view-store", draft.address):
        known = index.addresses("view-store")
        help = did_you_mean(draft.address, known, there_are="view stores")
        index.tell_unknown(f"there is no view store `{draft.address}` to write to", draft.named_at, help=help, code="B501")
    handler = handlers.whole(draft, index, module=f"{draft.name}.py", required=True)
    _check_events(keys, handler, draft, index)
    check_examples(draft, index)
    if keys.on_error == "park":
        message = "`on_error: park` comes later (setting a root aside whose event fails): it can't be used yet"
        index.findings.add("B107", message, draft.document.value("on_error"), help="say `stop`, or leave it out")
    return ProjectionSpec(
        **shared(draft, index),
        handler=handler or Handler(handlers.beside(draft, f"{draft.name}.py")),
        events={store: tuple(dict.fromkeys(actions)) for store, actions in keys.events.items()},
        reads=references.reads(draft, index),
    )


def _check_events(keys: ProjectionKeys, handler: Handler | None, draft: Draft, index: Index) -> None:
    """Refuse events that nobody logs, and those that no function takes."""
    if not keys.events and draft.sure("events"):
        index.findings.add("B106", "this projection listens to nothing", draft.document.value("events"))
    domains = Counter(action for actions in keys.events.values() for action in set(actions))
    for store, actions in keys.events.items():
        if not index.has("event-store", store):
            help = did_you_mean(store, index.addresses("event-store"), there_are="event stores")
            index.tell_unknown(f"there is no event store `{store}`", draft.document.key("events", store), help=help)
        if not actions:
            index.findings.add("B106", f"listens to nothing of `{store}`", draft.document.value("events", store))
        known = index.event_stores[store].actions if store in index.event_stores else None
        for at, action in enumerate(actions if known is not None else ()):
            spot = draft.document.value("events", store, at)
            if known is not None and action not in known:
                help = did_you_mean(action, known, there_are="actions")
                index.findings.add("B302", f"`{store}` has no action `{action}`", spot, help=help)
            elif handler:
                own = f"{store.rpartition('.')[2]}_{action}"
                names = (own, action) if domains[action] > 1 else (action, own)
                handlers.tell_missing(handler.file, names, spot, index)
