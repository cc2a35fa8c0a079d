"""Fields that indexes, sorts and texts name."""

from __future__ import annotations

from collections.abc import Sequence

from blossm.model.diagnostics import did_you_mean
from blossm.model.fields import Field
from blossm.model.link.attributes import with_article
from blossm.model.link.index import Draft, Index
from blossm.model.link.types import BROKEN, find, is_simple
from blossm.model.source import Path_


def check_indexes(indexes: Sequence[str], schema: dict[str, Field], draft: Draft, index: Index) -> None:
    """Refuse indexes over fields that the schema lacks, or that have no one value."""
    for at, path in enumerate(indexes):
        check_field(path, ("indexes", at), "an index", schema, draft, index)


def check_field(path: str, at: Path_, what: str, schema: dict[str, Field], draft: Draft, index: Index) -> Field | None:
    """The field at a dotted path of the schema; None and a problem where it can't be indexed or sorted by."""
    field = find(schema, path)
    spot = draft.document.value(*at)
    if field is None and draft.sure("schema"):
        index.findings.add("B307", f"the schema has no field `{path}`", spot, help=_near(path, schema))
    elif field and field is not BROKEN and not is_simple(field):
        help = "one value can be: text, numbers, true and false, times, uuids"
        index.findings.add("B502", f"`{path}` is {with_article(field)}, and {what} can't be over it", spot, help=help)
    return field


def check_text(text: Sequence[str], schema: dict[str, Field], draft: Draft, index: Index) -> None:
    """Refuse a text over anything but words."""
    for at, path in enumerate(text):
        field = find(schema, path)
        spot = draft.document.value("text", at)
        if field is None and draft.sure("schema"):
            index.findings.add("B307", f"the schema has no field `{path}`", spot, help=_near(path, schema))
        elif field and field is not BROKEN and "string" not in (field.type, field.items.type if field.items else ""):
            index.findings.add("B502", f"`{path}` is {with_article(field)}, and words are searched in a `string`", spot)


def _near(path: str, schema: dict[str, Field]) -> str:
    return did_you_mean(path, _paths(schema), there_are="its fields")


def _paths(schema: dict[str, Field], before: str = "") -> list[str]:
    """The dotted paths of everything in a schema that has one value."""
    return [
        path
        for name, field in schema.items()
        for path in (_paths(field.properties, f"{before}{name}.") if field.properties else [f"{before}{name}"])
    ]
