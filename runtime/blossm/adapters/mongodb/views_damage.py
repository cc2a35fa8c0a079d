"""Documents of a view as what they should be. One that somebody has spoilt is told with what to do."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from blossm.adapters.mongodb.client import Document
from blossm.core.errors import Unavailable

T = TypeVar("T")


def understood(document: Document, kind: type[T], *, where: str) -> T:
    """Raises Unavailable where it is no such document. `where`: of which database."""
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        raise Unavailable(
            f"the view in {where} is damaged at {document.get('_id')!r}: {error}",
            facts={"id": document.get("_id")},
            help="remove all documents of its collections: its projection makes them again",
        ) from error
