"""grpcurl, which is not ours: `make tools` builds it. Where it is not there a test says so, and in CI that is a failure."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

GRPCURL = Path(__file__).parents[2] / ".tools" / "grpcurl"
MISSING = "grpcurl is not there: `make tools` builds it (needs Go)"


@pytest.fixture
def grpcurl() -> Path:
    if not GRPCURL.exists():
        if os.environ.get("BLOSSM_NEEDS_GRPCURL"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    return GRPCURL


@dataclass(frozen=True, slots=True)
class Said:
    """What grpcurl said, and how it ended: 0, or 64 and the number of the status."""

    code: int
    out: str
    err: str

    def messages(self) -> list[Any]:
        """The JSON documents that were answered, one for each message."""
        documents, decoder, rest = [], json.JSONDecoder(), self.out.strip()
        while rest:
            document, end = decoder.raw_decode(rest)
            documents.append(document)
            rest = rest[end:].lstrip()
        return documents


@dataclass(frozen=True, slots=True)
class Grpcurl:
    """A grpcurl beside a server, with a key in hand or without."""

    program: Path
    address: str
    key: str = ""

    async def __call__(self, *words: str, data: Mapping[str, Any] | str | None = None) -> Said:
        """Run it: `words` come after the address. `data` is what is sent."""
        options = ["-plaintext", "-max-time", "20"]
        if self.key:
            options += ["-H", f"authorization: Bearer {self.key}"]
        if data is not None:
            options += ["-d", data if isinstance(data, str) else json.dumps(data)]
        process = await asyncio.create_subprocess_exec(
            self.program, *options, self.address, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, err = await asyncio.wait_for(process.communicate(), 30)
        return Said(process.returncode or 0, out.decode(), err.decode())
