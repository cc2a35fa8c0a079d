"""The operations on a network that runs in another process of this machine: the other side of `operator`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any

import orjson

from blossm.core.errors import BlossmError, NotFound, Unavailable, error_from
from blossm.local.state import Running


class RemoteOperations:
    """The operations on a network that runs in another process."""

    def __init__(self, running: Running) -> None:
        self._running = running

    async def run(self, operation: str, arguments: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        import httpx  # a tenth of a second that only the command line spends

        headers = {"Authorization": f"Bearer {self._running.operator_key}"}
        timeout = httpx.Timeout(5.0, read=None)
        url = f"{self._running.url}/_blossm/{operation}"
        try:
            async with (
                httpx.AsyncClient(timeout=timeout, trust_env=False) as client,
                client.stream("POST", url, json=arguments, headers=headers) as response,
            ):
                if response.status_code != 200:
                    raise _refused(await response.aread(), response.status_code)
                async for line in response.aiter_lines():
                    answer = orjson.loads(line)
                    if "error" in answer:
                        raise error_from(answer["error"])
                    yield answer["document"]
        except (httpx.TransportError, ValueError) as error:
            raise Unavailable(f"the network at {self._running.url} went away") from error


def _refused(body: bytes, status: int) -> BlossmError:
    try:
        problem = orjson.loads(body)
        return error_from({**problem, "message": problem["detail"]})
    except (ValueError, KeyError, TypeError):
        return NotFound(f"the network answered {status}")
