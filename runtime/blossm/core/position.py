"""`Blossm-Position`: how far each service's log had come, as one opaque word for clients to hand back."""

from __future__ import annotations

import base64
import binascii

import msgspec

from blossm.core.errors import BadRequest, FieldProblem


def encode_position(positions: dict[str, int]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(positions)).rstrip(b"=").decode()


def decode_position(text: str) -> dict[str, int]:
    """Raises BadRequest when `text` is not what `encode_position` made."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(data, type=dict[str, int])
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise BadRequest(
            "min_position is not a position",
            fields=[FieldProblem("min_position", "must be the value of a Blossm-Position header")],
        ) from error
