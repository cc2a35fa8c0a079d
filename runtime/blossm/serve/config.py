"""What a process has to know to be one procedure of a network: its part of the model, of the files, and of the keys."""

from __future__ import annotations

import msgspec

from blossm.model.network import Network, Ref
from blossm.serve.where import MEMORY, Where


class Listen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where to listen; port 0 takes a free one.

    `shared`: somebody holds the port with SO_REUSEPORT, without listening, so that it stays ours between two processes.
    """

    host: str = "127.0.0.1"
    port: int = 0
    shared: bool = False


class Callee(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A procedure that this one may call (a service's event stores: `Ref("event-store", service)`), and the key to show it."""

    ref: Ref
    address: str  # host:port
    key: str


class Files(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where this procedure keeps what it keeps.

    Ask the state folder for them before every start: it says when a log is gone, rather than have it begun anew.
    """

    log: Where = MEMORY
    states: Where = MEMORY
    view: Where = MEMORY


class ProcessConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One process. As JSON it holds secrets: it travels by a pipe, never by a command line or an environment.

    `ref`: the procedure; all event stores of a service are one process, `Ref("event-store", service)`.
    `secret`: what callers' keys are made with (UTF-8), see `rpc.keys`. `operator`: the SHA-256 (hex) of the operator's token.
    `forwards`: the secret of who passes HTTP requests on to a gateway, which then answers no one else, see
    `serve.forwarding`; empty: it is reached directly.
    `development_key`: the file of the key that signs development tokens; needed by gateways only.
    """

    network: Network
    ref: Ref
    listen: Listen = Listen()
    secret: str
    operator: str
    reach: tuple[Callee, ...] = ()
    files: Files = Files()
    forwards: str = ""
    development_key: str = ""


def to_json(config: ProcessConfig) -> bytes:
    return msgspec.json.encode(config)


def from_json(data: bytes) -> ProcessConfig:
    """The configuration that `to_json` wrote. Raises `msgspec.ValidationError` when it is not one."""
    return msgspec.json.decode(data, type=ProcessConfig)
