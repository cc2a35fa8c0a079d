"""Where in a blossm.yaml the fields of a contract were written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from blossm.model.contract.tree import Message
from blossm.model.diagnostics import Spot
from blossm.model.headers import Placed
from blossm.model.link.index import draft
from blossm.model.network import Place
from blossm.model.source import Document, Path_


class Places:
    """The documents of a network's procedures, by kind and address."""

    def __init__(self, procedures: Iterable[Placed]) -> None:
        drafts = [draft(placed) for placed in procedures]
        self._documents = {(one.kind, one.address): one.document for one in drafts}
        self._named = {one.document.key("procedure").place: one.named_at for one in drafts}

    def named(self, at: Place) -> Spot:
        """Where the procedure that begins at a place is named."""
        return self._named.get(at, Spot(at))

    def spot(self, message: Message, path: tuple[str, ...]) -> Spot | None:
        """The place of a field, or of the nearest thing around it that is still there; None: not even its procedure is."""
        match message.role:
            case "event" | "state":
                kinds: tuple[Any, ...] = ("event-store",)
            case "row":
                kinds = ("view-store",)
            case _:
                kinds = ("command", "fact")
        document = next((self._documents[key] for kind in kinds if (key := (kind, message.address)) in self._documents), None)
        return _spot(document, message, path) if document else None


def _spot(document: Document, message: Message, path: tuple[str, ...]) -> Spot:
    match message.role:
        case "event":
            return _of_action(document, message.action, path)
        case "state" | "row":
            return document.key(*_below(document, ("schema",), path))
        case "request":
            section = "query" if document.data["procedure"] == "fact" else "payload"
            return document.key(*_below(document, (section,), path))
        case _:
            return document.key(*_below(document, ("response",), path))


def _of_action(document: Document, action: str, path: tuple[str, ...]) -> Spot:
    """The field where the action lists it; else in the schema; else the action."""
    actions = document.data.get("actions")
    if isinstance(actions, list):
        return document.key("actions", _index(actions, action))
    listed = actions.get(_key(actions, action)) if isinstance(actions, dict) else None
    fields = listed.get("fields") if isinstance(listed, dict) else None
    if len(path) == 1 and isinstance(fields, list) and (at := _index(fields, path[0])) != "":
        return document.value("actions", action, "fields", at)
    inside = _below(document, ("schema",), path)
    is_there = len(inside) > 1
    return document.key(*inside) if is_there and _is_listed(fields, path[0]) else document.key("actions", action)


def _is_listed(fields: Any, name: str) -> bool:
    return not isinstance(fields, list) or _index(fields, name) != ""


def _below(document: Document, start: Path_, names: tuple[str, ...]) -> Path_:
    """The path of a field in a schema: through lists, maps and objects, as far as it is there."""
    path = start
    for name in names:
        inside = path if path == start and _names(document.data.get(path[0]), name) else _opened(document, path)
        data: Any = document.at(*inside) if inside else None
        if inside is None or not _names(data, name):
            break
        path = (*inside, _key(data, name))
    return path


def _names(data: Any, name: str) -> bool:
    return isinstance(data, dict) and _key(data, name) in data


def _opened(document: Document, path: Path_) -> Path_ | None:
    """Where the fields of what is at `path` are named; None where there are none, as in a named type."""
    try:
        data = document.at(*path)
    except (KeyError, TypeError, IndexError):
        return None
    if isinstance(data, list) and data:
        return _opened(document, (*path, 0))
    if not isinstance(data, dict):
        return None
    for word in ("properties", "values", "type"):
        if isinstance(data.get(word), dict | list):
            inner = (*path, word)
            return inner if word == "properties" else _opened(document, inner)
    return path


def _key(data: Any, name: str) -> str:
    """A name as it is written: hyphens are read as underscores."""
    return next((key for key in data if key.replace("-", "_") == name), name)


def _index(words: list[Any], name: str) -> int | str:
    return next((at for at, word in enumerate(words) if isinstance(word, str) and word.replace("-", "_") == name), "")
