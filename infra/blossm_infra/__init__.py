"""A network as cloud resources. A program of your own needs these four; `blossm_infra.preview` shows what it makes."""

from blossm_infra.load import load_network
from blossm_infra.network import Network, NetworkArgs
from blossm_infra.settings import load_settings

__all__ = ["Network", "NetworkArgs", "load_network", "load_settings"]
