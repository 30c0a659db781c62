"""Looks after a network ten times a second: what crashed is started again."""

import itertools
import threading
from collections.abc import Callable, Collection
from contextlib import suppress

from chassis.embedded import ExternalPostgres, ServerFailed, Servers
from chassis.watchdog import alive
from clients.network.options import Options
from clients.network.process import ServiceProcess

_WATCH = 0.1
_HEAL_EVERY = 10


class Supervisor:
    """A thread beside the network's owner; tests may kill what they like."""

    def __init__(
        self,
        options: Options,
        servers: Servers,
        processes: Collection[ServiceProcess],
        moved: Callable[[], None],
    ) -> None:
        """`moved` is called when a service answers from a new process."""
        self._options, self._servers, self._processes = options, servers, processes
        self._moved = moved
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def start(self) -> None:
        """Begin, when there is anything to look after."""
        if self._options.restart or self._options.heal_servers:
            self._thread.start()

    def stop(self) -> None:
        """Nothing is started again once this returns."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        for turn in itertools.count():
            if self._over.wait(_WATCH):
                return
            if self._options.restart:
                self._mend()
            if self._options.heal_servers and turn % _HEAL_EVERY == 0:
                with suppress(ServerFailed):
                    self._heal()

    def _mend(self) -> None:
        news = [process.tick() for process in self._processes]
        if any(news):
            self._moved()

    def _heal(self) -> None:
        ours = not isinstance(self._servers.postgres, ExternalPostgres)
        if ours and not alive(self._servers.postgres.pid):
            self._servers.postgres.start()
        if not alive(self._servers.nats.pid):
            self._servers.nats.start()
