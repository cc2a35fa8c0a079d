"""What each process of a network is told when it starts: where it listens, what it keeps, whom it reaches with which key."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

from blossm.local.places import Places
from blossm.local.processes.held_port import HeldPort
from blossm.local.processes.homes import called
from blossm.model.network import Network, Ref
from blossm.rpc.client import Reach
from blossm.rpc.keys import digest_of, key_for, operator_key
from blossm.serve.config import Callee, Files, ProcessConfig

HTTP = ("command-gateway", "fact-gateway", "view-gateway", "projection")  # they are not called over gRPC


class Configs:
    """Makes the configurations of one run of a network. Every process gets a secret, and keys for those it may call only."""

    def __init__(
        self, network: Network, places: Places, ports: Mapping[Ref, HeldPort], *, operator: str, development_key: Path
    ) -> None:
        """`operator`: the operator's token. `development_key`: the file of the key that gateways believe."""
        self._network = network
        self._places = places
        self._development_key = development_key
        self._ports = ports
        self._called = called(network)
        self._secrets = {ref: secrets.token_hex(32) for ref in ports}
        self._operator = operator
        self.forwards = secrets.token_hex(32)

    def of(self, ref: Ref) -> ProcessConfig:
        """The configuration of one process."""
        return ProcessConfig(
            network=self._network,
            ref=ref,
            listen=self._ports[ref].listen,
            secret=self._secrets[ref],
            operator=digest_of(self._operator),
            reach=tuple(
                Callee(callee, self._ports[callee].address, key_for(ref, self._secrets[callee].encode()))
                for callee in self._called[ref]
            ),
            files=self._files(ref),
            forwards=self.forwards if ref.kind.endswith("gateway") else "",
            development_key=str(self._development_key) if ref.kind.endswith("gateway") else "",
        )

    def operators_reach(self) -> dict[Ref, Reach]:
        """Everything that is called over gRPC, with the operator's key."""
        key = operator_key(self._operator)
        return {ref: Reach(port.address, key) for ref, port in self._ports.items() if ref.kind not in HTTP}

    def _files(self, ref: Ref) -> Files:
        match ref.kind:
            case "event-store":
                return Files(log=self._places.log(ref.address), states=self._places.states(ref.address))
            case "view-store":
                return Files(view=self._places.view(ref.address))
            case _:
                return Files()
