"""What people type, made into payloads; what they are shown, made from the network."""

from __future__ import annotations

import pytest
from tests.local.harbour import harbour

from blossm.cli.call import sorted_out
from blossm.cli.main import COMMANDS, Commands
from blossm.cli.replay import said
from blossm.cli.sample import sample
from blossm.cli.status import lines
from blossm.cli.welcome import lines as pasted
from blossm.core.payload import Contract
from blossm.local.words import payload_of
from blossm.model.fields import Field

FIELDS = {
    "name": Field(type="string"),
    "length": Field(type="integer"),
    "load": Field(type="number"),
    "open": Field(type="boolean"),
    "tags": Field(type="list", items=Field(type="string")),
    "numbers": Field(type="list", items=Field(type="integer")),
    "owner": Field(type="object", properties={"name": Field(type="string")}),
}


@pytest.mark.parametrize(
    ("words", "payload"),
    [
        ({"name": ["12"]}, {"name": "12"}),
        ({"name": ["a=b"]}, {"name": "a=b"}),
        ({"length": ["12"], "load": ["1.5"], "open": ["true"]}, {"length": 12, "load": 1.5, "open": True}),
        ({"tags": ["a"]}, {"tags": ["a"]}),
        ({"tags": ["a", "b"]}, {"tags": ["a", "b"]}),
        ({"numbers": ["1", "2"]}, {"numbers": [1, 2]}),
        ({"numbers": ["[1, 2]"]}, {"numbers": [1, 2]}),
        ({"owner": ['{"name": "Ada"}']}, {"owner": {"name": "Ada"}}),
        ({"length": ["wide"], "unknown": ["x"]}, {"length": "wide", "unknown": "x"}),
    ],
)
def test_words_are_read_as_their_fields_want_them(words: dict[str, list[str]], payload: dict[str, object]) -> None:
    assert payload_of(words, FIELDS) == payload


def test_pairs_are_words_or_json() -> None:
    assert sorted_out(["name=a=b", "tags=a", "tags=b", "owner:={}"]) == ({"name": ["a=b"], "tags": ["a", "b"]}, {"owner": {}})


def test_a_sample_fits_its_fields() -> None:
    fields = FIELDS | {
        "color": Field(type="string", choices=("red", "green")),
        "short": Field(type="string", max_length=3),
        "long": Field(type="string", min_length=20),
        "many": Field(type="integer", min=7, max=9),
        "mail": Field(type="string", format="email"),
        "site": Field(type="string", format="url"),
        "phone": Field(type="string", format="phone"),
        "host": Field(type="string", format="hostname"),
        "when": Field(type="timestamp"),
        "day": Field(type="date"),
        "id": Field(type="uuid"),
        "data": Field(type="bytes"),
        "any": Field(type="json"),
        "by_name": Field(type="map", values=Field(type="string")),
        "left_out": Field(type="string", optional=True),
    }
    payload = sample(fields)
    assert "left_out" not in payload
    Contract.of(fields).validate(payload)


def test_the_lines_to_paste_belong_together() -> None:
    command, fact, view = pasted(harbour(), "http://127.0.0.1:1", token="blossm token")
    assert command.startswith("curl -s http://127.0.0.1:1/c.berth.port/add ")
    assert "'{\"payload\": {\"name\": \"name\"}}'" in command
    assert fact == "curl -s http://127.0.0.1:1/f/numbers"
    assert view == "curl -s http://127.0.0.1:1/v/berths"


def test_every_command_says_what_it_does_and_what_each_option_means() -> None:
    group = Commands("blossm")
    for name in COMMANDS:
        command = group.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        assert command.help
        for option in command.params:
            assert option.param_type_name == "argument" or option.hidden or option.help, (name, option.name)  # type: ignore[attr-defined]


def test_the_status_in_words() -> None:
    told = "\n".join(
        lines(
            {
                "network": "harbour.example",
                "environment": "development",
                "procedures": [{"kind": "command", "address": "a"}, {"kind": "command", "address": "b"}],
                "logs": [{"service": "port", "events": 1}, {"service": "crew", "events": None}],
                "projections": [
                    {
                        "projection": "berths",
                        "state": "behind",
                        "lag": 3,
                        "services": {"port": {"position": 1, "head": 4, "lag": 3}},
                        "error": None,
                        "definition_changed": True,
                    }
                ],
                "timers": 2,
                "kept": "mongodb://127.0.0.1:27017",
            }
        )
    )
    assert "harbour.example (development): 2 command" in told
    assert "log         port: 1 event\nlog         crew: does not answer\n" in told
    assert "projection  berths: behind at port 1, 3 events behind" in told
    assert "`blossm replay` is recommended" in told
    assert "2 calls wait" in told
    assert "kept        on mongodb://127.0.0.1:27017" in told


def test_a_replay_in_words() -> None:
    step = {"projection": "berths", "phase": "waiting", "position": 5, "head": 20, "verified": None}
    assert said(step) == "berths: waiting for the first matching event 25 %, position 5 of 20"
    verified = {"rows": 3, "rows_before": 2, "sample": 2, "differ": ["a"]}
    told = said(step | {"phase": "switched", "verified": verified})
    assert told == "berths: switched: 3 rows, 2 before, 1 of 2 looked at differ"
