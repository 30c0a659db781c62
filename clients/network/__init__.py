"""A network in one folder: real servers, the services as supervised processes, three clinics."""

from clients.network.network import Network
from clients.network.options import Options
from clients.network.process import NetworkFailed
from clients.network.record import NotRunning

__all__ = ["Network", "NetworkFailed", "NotRunning", "Options"]
