"""What it costs to bring a payload to the wire and back: the example's messages, and one with everything a field can be.

Beside it, in turns: orjson, which has no types to keep apart, and protobuf's own json_format.
"""

from __future__ import annotations

import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict, ParseDict
from measure import median, tell

from blossm.model.fields import Field
from blossm.model.load import load
from blossm.model.network import Action, EventStoreSpec, Network, Place
from blossm.rpc.codec import PREFIX, Codec
from blossm.rpc.types import Types

EXAMPLE = Path(__file__).parents[1] / "examples" / "bicycle_city"
RUNS = 9
AGAIN = 5_000
TARGET = 3.0

ID = "0b5f2a44-6a0e-4b7e-9c55-0d1f5f1f2a11"
TIME = "2026-01-31T12:00:00.123456Z"
TEXT = Field(type="string")
TEXTS = Field(type="list", items=TEXT)
PERSON = Field(type="object", properties={"name": TEXT, "since": Field(type="timestamp"), "roles": TEXTS})
SERVICED = {
    "bicycle": Field(type="uuid"),
    "at": Field(type="timestamp"),
    "mechanics": Field(type="list", items=PERSON),
    "prices": Field(type="map", values=Field(type="number")),
    "photo": Field(type="bytes"),
    "remarks": Field(type="json"),
    "notes": Field(type="list", items=TEXT, optional=True),
}
MECHANIC = {"name": "Ada", "since": TIME, "roles": ["mechanic", "owner"]}
VALUES: dict[str, dict[str, Any]] = {
    "shop.bicycle.Painted": {"frame_color": "red"},
    "shop.bicycle.Registered": {"frame_color": "red", "wheels": 2, "owner": {"name": "Ada", "email": "ada@shop.example"}},
    "shop.bicycle.Repaired": {"mechanic": ID, "work": "the chain, and both brakes"},
    "yard.bicycle.Serviced": {
        "bicycle": ID,
        "at": TIME,
        "mechanics": [MECHANIC, MECHANIC, MECHANIC],
        "prices": {"chain": 19.5, "brakes": 42.0, "bell": 7.25},
        "photo": "A" * 64,
        "remarks": {"mood": "good", "marks": [1, 2.5, None, True]},
        "notes": ["front", "rear"],
    },
}


def one_run(codec: Codec, message: Any, value: Any) -> dict[str, float]:
    """Microseconds per payload, each the mean of `AGAIN`."""
    data, text = codec.encode(value), orjson.dumps(value)
    assert codec.decode(data) == value
    shown = MessageToDict(message.FromString(data), preserving_proto_field_name=True)
    work: dict[str, Callable[[], Any]] = {
        "encode": lambda: codec.encode(value),
        "decode": lambda: codec.decode(data),
        "decode strictly": lambda: codec.decode_strictly(data),
        "orjson.dumps": lambda: orjson.dumps(value),
        "orjson.loads": lambda: orjson.loads(text),
        "ParseDict": lambda: ParseDict(shown, message()).SerializeToString(),
        "MessageToDict": lambda: MessageToDict(message.FromString(data), preserving_proto_field_name=True),
    }
    return {name: timeit.timeit(function, number=AGAIN) / AGAIN * 1e6 for name, function in work.items()}


def main() -> None:
    shop, yard = Types(load(EXAMPLE)), Types(_yard())
    rows, data = [], {}
    for name, value in VALUES.items():
        types = yard if name.startswith("yard.") else shop
        service, domain, action = name.split(".")
        codec = types.event(service, domain, action.lower())
        assert codec is not None
        assert codec.type_url == PREFIX + name
        one_run(codec, types.message(name), value)  # warms up
        runs = [one_run(codec, types.message(name), value) for _ in range(RUNS)]
        data[name] = {key: median(runs, key) for key in runs[0]}
        rows.append([f"{name}, {len(codec.encode(value))} bytes", *(f"{figure:.2f}" for figure in data[name].values())])
    title = f"Codec, µs per payload, median of {RUNS}; target for the small ones: encode and decode ≤ {TARGET:.0f}"
    tell(title, ["", *data["shop.bicycle.Painted"]], rows, {"figures": data, "target": TARGET})


def _yard() -> Network:
    store = EventStoreSpec(
        name="bicycle",
        address="yard.bicycle",
        at=Place("blossm.yaml", 1, 1),
        service="yard",
        domain="bicycle",
        actions={"serviced": Action(name="serviced", payload=SERVICED)},
    )
    return Network(
        name="yard.example",
        environment="development",
        environments={"development": "dev"},
        event_stores={store.address: store},
    )


if __name__ == "__main__":
    main()
