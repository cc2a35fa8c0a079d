"""A network that is small enough to be deployed in seconds: one service with two event stores, and a view."""

from __future__ import annotations

from collections.abc import Mapping

Files = Mapping[str, str]

_NETWORK = "network: town.example\n"
_VISITOR = """\
domain: visitor
---
procedure: event-store
schema: {name: string}
actions: [greeted]
---
procedure: command
name: greet
root: new
payload: {name: string}
---
procedure: command-gateway
commands: {greet: public}
"""
_LETTER = """\
domain: letter
---
procedure: event-store
schema: {text: string}
actions: [written]
"""
_WRITE = """\
---
procedure: command
name: write
root: new
payload: {text: string}
"""
_VIEW = """\
procedure: view-store
name: visitors
schema: {name: string}
---
procedure: projection
name: visitors
events: {town.visitor: [greeted]}
"""

TOWN: Files = {
    "blossm.yaml": _NETWORK,
    "services/town/blossm.yaml": "service: town\n",
    "services/town/visitor/blossm.yaml": _VISITOR,
    "services/town/visitor/commands.py": "def greet(command): ...\n",
    "services/town/letter/blossm.yaml": _LETTER + _WRITE,
    "services/town/letter/commands.py": "def write(command): ...\n",
    "views/blossm.yaml": _VIEW,
    "views/visitors.py": "def greeted(event): ...\n",
}


def with_command(name: str) -> Files:
    """One command more, beside `greet`."""
    domain = "services/town/visitor"
    command = f"---\nprocedure: command\nname: {name}\nroot: required\n"
    handlers = TOWN[f"{domain}/commands.py"] + f"def {name}(command): ...\n"
    return {**TOWN, f"{domain}/blossm.yaml": _VISITOR + command, f"{domain}/commands.py": handlers}


def without_letters() -> Files:
    """The domain `letter` has left, with its event store."""
    return {name: text for name, text in TOWN.items() if "/letter/" not in name}


def renamed_letters() -> Files:
    """The domain `letter` is called `note`."""
    letters = {name: text for name, text in TOWN.items() if "/letter/" in name}
    notes = {name.replace("/letter/", "/note/"): text.replace("domain: letter", "domain: note") for name, text in letters.items()}
    return {**without_letters(), **notes}


def retired_letters() -> Files:
    """The event store of `letter` takes no more events, so nothing there logs any."""
    retired = _LETTER.replace("actions: [written]\n", "actions: [written]\nretired: true\n")
    return {**without_letters(), "services/town/letter/blossm.yaml": retired}
