"""Passwords of databases below M10: each is made anew from one secret of the stack and the user's name, and kept nowhere."""

from __future__ import annotations

import hashlib
import hmac

from blossm_infra.settings import StackSettings


def password_of(settings: StackSettings, user: str) -> str:
    """64 hex digits: HMAC-SHA256 of the user's name under `blossm:databaseSeed`."""
    return _mac(settings, f"password\0{user}")


def version_of(settings: StackSettings) -> int:
    """Another number for another seed: providers write a write-only password again only when a number beside it changes."""
    return int(_mac(settings, "version")[:7], 16)


def _mac(settings: StackSettings, message: str) -> str:
    seed = settings.database_seed.get_secret_value()
    return hmac.digest(seed.encode(), message.encode(), hashlib.sha256).hex()
