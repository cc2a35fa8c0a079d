"""Examples: whether what they tell of exists. A later `blossm test` will run them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from blossm.model.diagnostics import did_you_mean
from blossm.model.link.index import Draft, Index
from blossm.model.names import address
from blossm.model.schema.examples import EventKeys


def check_examples(draft: Draft, index: Index) -> None:
    """Refuse an example that names an unknown domain or action, and two of one name."""
    names: set[str] = set()
    for at, example in enumerate(draft.keys.examples):
        if example.name in names:
            message = f"an example `{example.name}` stands here twice"
            index.findings.add("B004", message, draft.document.value("examples", at, "name"))
        names.add(example.name)
        for key in ("given", "then"):
            for which, event in enumerate(getattr(example, key, ())):
                _check_event(event, ("examples", at, key, which), draft, index)


def _check_event(event: EventKeys, path: tuple[str | int, ...], draft: Draft, index: Index) -> None:
    stores = _stores(event, draft, index)
    if not stores:
        key = "domain" if event.domain else "action"
        message = f"there is no event store `{event.domain}`" if event.domain else "the event does not say of which domain it is"
        help = did_you_mean(event.domain, index.addresses("event-store")) if event.domain else "say `domain: shop.bicycle`"
        index.tell_unknown(message, draft.document.value(*path, key), help=help)
    elif all(stores.values()) and not any(event.action in actions for actions in stores.values()):
        known = [action for actions in stores.values() for action in actions]
        help = did_you_mean(event.action, known, there_are="actions")
        where = " or ".join(f"`{store}`" for store in stores)
        index.findings.add("B302", f"{where} has no action `{event.action}`", draft.document.value(*path, "action"), help=help)


def _stores(event: EventKeys, draft: Draft, index: Index) -> Mapping[str, Iterable[str]]:
    """The event stores that an event may be of, with their actions (none: that could not be read)."""
    if event.domain:
        candidates = [event.domain if "." in event.domain else address(draft.service, event.domain)]
    elif draft.kind == "projection":
        candidates = list(draft.keys.events)
    else:
        candidates = [address(draft.service, draft.domain)]
    return {one: _actions(one, index) for one in candidates if index.has("event-store", one)}


def _actions(store: str, index: Index) -> Iterable[str]:
    return index.event_stores[store].actions if store in index.event_stores else ()
