"""A shop with a command `sell`, whose body a test writes: `crash` is true when the test has asked for one."""

from __future__ import annotations

from typing import Any

from tests.write_side.conftest import MakeShop
from tests.write_side.shop import A, Shop

from blossm.core.request import Answer

YAML = """
---
procedure: command
name: sell
payload: {price: {type: integer, default: 1}}
calls: [staff.mechanic.notify, paint, sell]
---
procedure: command
name: paint
payload: {frame_color: string}
root: required
"""
COMMANDS = """
async def paint(command):
    return [Event("painted", command.payload)]

async def sell(command):
    crash = hooks.pop("crash", False)
"""


async def selling(shop: MakeShop, body: str, **more: Any) -> Shop:
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return await shop(yaml=YAML, commands=COMMANDS + lines, **more)


async def sell(made: Shop, key: str = "k", root: str = A, **more: Any) -> Answer:
    return await made.call("shop.bicycle.sell", key=key, root=root, **more)


ONCE = """
hooks["ran"] = hooks.get("ran", 0) + 1
if (await command.aggregate()).number:
    raise PreconditionFailed("it is sold")
return Reply([Event("sold")], response={"at": command.payload["price"]}, status=201, cookies=[Cookie(name="a", value="b")])
"""
