"""One run of the Pulumi program for a network of some size, in a process of its own: `infra_program.py 200 preview|mocks`.

Prints one line of JSON: seconds of imports and of a first, small network, seconds of the program, the most memory the
process had, how many resources it made.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

from large_network import A_SHOP, large_network

from blossm.model.network import Network as Model


def started() -> float:
    """Pulumi's packages are loaded when they are first used, so a small network is part of it."""
    began = time.perf_counter()
    previewed(large_network(A_SHOP))
    return time.perf_counter() - began


def previewed(model: Model) -> int:
    from blossm_infra.preview import preview

    return len(preview(model, stack="prod").resources)


def mocked(model: Model) -> int:
    """The same program and the same answers under the SDK's own mocks, which check nothing and keep no option."""
    import pulumi
    from pulumi.runtime import mocks
    from pulumi.runtime.stack import run_pulumi_func

    from blossm_infra import Network, NetworkArgs
    from blossm_infra.harness import answers
    from blossm_infra.preview import SAMPLE
    from blossm_infra.settings import settings_of

    made: list[str] = []

    class Stock(mocks.Mocks):
        def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
            made.append(args.name)
            return answers.outputs(args.typ, args.name, args.inputs) if args.custom else ("", {})

        def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
            answer = answers.INVOKES.get(args.token, {})
            return dict(answer(args.args) if callable(answer) else answer), []

    def program() -> None:
        Network(model.name, NetworkArgs(model=model, settings=settings_of(SAMPLE, stack="prod")))

    async def story() -> None:
        pulumi.runtime.set_mocks(Stock(), project="blossm", stack="prod")
        await run_pulumi_func(program)

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(story())
    return len(made)


WAYS: dict[str, Callable[[Model], int]] = {"preview": previewed, "mocks": mocked}


def main() -> None:
    size, way = sys.argv[1:]
    model, seconds = large_network(int(size)), started()
    began, used = time.perf_counter(), time.process_time()
    made = WAYS[way](model)
    told = {
        "start": seconds,
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - used,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "resources": made,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
