"""A server is started on a port of its own and waited for until it answers."""

import time
from collections.abc import Callable

from chassis.children import Child
from chassis.ports import free_port

PATIENCE = 60.0
POLL = 0.01


class ServerFailed(RuntimeError):
    """A server did not start; the message ends with the tail of its log."""


def started(child: Child | None) -> Child:
    """The child of a server that was started."""
    if child is None:
        raise ServerFailed("the server was never started")
    return child


def start(
    port: int, spawn: Callable[[int], Child], ready: Callable[[Child, int], bool]
) -> tuple[int, Child]:
    """Start on the port it had, or on a free one; somebody may take it first, so try thrice."""
    for attempt in range(3):
        chosen = port or free_port()
        child = spawn(chosen)
        until = time.monotonic() + PATIENCE
        while child.running and time.monotonic() < until:
            if ready(child, chosen):
                return chosen, child
            time.sleep(POLL)
        child.kill()
        if "in use" not in child.tail() or attempt == 2:
            break
    raise ServerFailed(f"{child.log.stem} did not start. The end of {child.log}:\n{child.tail()}")
