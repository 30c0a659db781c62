"""A port for a server that may be restarted."""

import random
import socket
from contextlib import suppress

_PORTS = range(15000, 32000)


def free_port() -> int:
    """A free port that the system does not lend to clients: nobody gets it while we restart."""
    while True:
        port = random.choice(_PORTS)  # noqa: S311
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
