"""One service as a supervised process: started, watched, started again when it crashes."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from chassis.children import Child
from chassis.ports import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 60.0
_STEADY = 10.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_POLL = 0.02
_PORT_TAKEN = "Failed to bind"
_ONCE = "HALCYON_FAILPOINT"


class NetworkFailed(RuntimeError):
    """A part of the network did not start; the message ends with the tail of its log."""


class ServiceProcess:
    """`python -m services.<name>`, on one port for as long as the network runs."""

    def __init__(
        self, name: str, env: Mapping[str, str], directory: Path, root: Path = ROOT
    ) -> None:
        self.name = name
        self._root = root
        self.address = ""
        self.restarts = 0
        self.log = directory / "logs" / f"{name}.log"
        self._env = dict(env)
        self._ready_file = directory / "run" / f"{name}.json"
        self._lock = threading.RLock()
        self._child: Child | None = None
        self._wanted = False
        self._port = self._noted_pid = self._log_from = 0
        self._since = self._again_at = 0.0
        self._pause = _FIRST_PAUSE

    @property
    def pid(self) -> int:
        """The process id of the newest process."""
        return self._child.pid if self._child else 0

    @property
    def running(self) -> bool:
        """Whether the newest process lives."""
        return self._child is not None and self._child.running

    @property
    def ready(self) -> bool:
        """Whether the newest process lives and says that it answers."""
        return self.running and self._said() != ""

    def start(self, env: Mapping[str, str] | None = None) -> None:
        """Begin; `env` is kept for this and later processes."""
        with self._lock:
            self._env.update(env or {})
            self._wanted, self._pause = True, _FIRST_PAUSE
            self._spawn()

    def wait(self, patience: float = PATIENCE) -> None:
        """Return once it answers; a first process that ends instead has failed."""
        until = time.monotonic() + patience
        while not self.ready:
            if not self.running and not self.restarts:
                self._try_another_port()
            if time.monotonic() > until:
                raise self._failed("does not answer")
            time.sleep(_POLL)
        self._note()

    def wait_restarted(self, times: int, patience: float = PATIENCE) -> None:
        """Return once it was started again so often, and answers."""
        until = time.monotonic() + patience
        while self.restarts < times:
            if time.monotonic() > until:
                raise self._failed(f"was started again {self.restarts} times, not {times}")
            time.sleep(_POLL)
        self.wait(until - time.monotonic())

    def begin_stop(self) -> None:
        """Ask it to end; it is not started again."""
        with self._lock:
            self._wanted = False
            if self._child:
                self._child.terminate()

    def stop(self, grace: float = 20) -> None:
        """End it calmly; it is not started again."""
        with self._lock:
            self._wanted = False
            if self._child:
                self._child.stop(grace=grace)

    def kill(self) -> None:
        """End it as a crash would; it stays down until it is started."""
        with self._lock:
            self._wanted = False
            if self._child:
                self._child.kill()

    def tick(self) -> bool:
        """Start it again when it crashed and the pause is over; whether it answers anew."""
        with self._lock:
            if not self._wanted:
                return False
            if self.running:
                return self._note()
            now = time.monotonic()
            if not self._again_at:
                self._pause = min(self._pause * 2, _LONGEST_PAUSE)
                if now - self._since > _STEADY:
                    self._pause = _FIRST_PAUSE
                self._again_at = now + self._pause
            elif now >= self._again_at:
                self._env.pop(_ONCE, None)
                self.restarts += 1
                self._spawn()
            return False

    def _spawn(self) -> None:
        if _PORT_TAKEN in self._output():
            self._port = 0
        self._port = self._port or free_port()
        self._ready_file.unlink(missing_ok=True)
        self._log_from = self.log.stat().st_size if self.log.exists() else 0
        self._again_at, self._since = 0.0, time.monotonic()
        command = [sys.executable, "-m", f"services.{self.name}"]
        self._child = Child(command, log=self.log, env=self._environment(), cwd=self._root).start()

    def _environment(self) -> dict[str, str]:
        places = {
            "HALCYON_LISTEN": f"127.0.0.1:{self._port}",
            "HALCYON_READY_FILE": str(self._ready_file),
            "PYTHONPATH": os.pathsep.join([str(self._root), str(self._root / "gen")]),
        }
        return {**os.environ, **self._env, **places}

    def _try_another_port(self) -> None:
        """Somebody may take the port between our look and the bind; any other end is a failure."""
        if _PORT_TAKEN not in self._output():
            raise self._failed("ended")
        with self._lock:
            self._spawn()

    def _said(self) -> str:
        with suppress(FileNotFoundError, ValueError):
            said = json.loads(self._ready_file.read_text())
            if said["pid"] == self.pid:
                return str(said["address"])
        return ""

    def _note(self) -> bool:
        """Remember where the newest process answers; whether that is news."""
        if self._noted_pid == self.pid or not (address := self._said()):
            return False
        self.address, self._noted_pid = address, self.pid
        return True

    def _output(self) -> str:
        """What the newest process wrote, its end."""
        if self._child is None or not self.log.exists():
            return ""
        return self.log.read_bytes()[self._log_from :][-4000:].decode(errors="replace").strip()

    def _failed(self, how: str) -> NetworkFailed:
        return NetworkFailed(f"{self.name} {how}. The end of {self.log}:\n{self._output()}")


def migrate_from(root: Path, service: str, url: str) -> None:
    """As the version that lies there would."""
    places = {"HALCYON_DATABASE_URL": url, "HALCYON_NATS_URL": "", "HALCYON_JWKS": ""}
    paths = {"PYTHONPATH": os.pathsep.join([str(root), str(root / "gen")])}
    done = subprocess.run(
        [sys.executable, "-m", "chassis.migrate", service],
        env={**os.environ, **places, **paths},
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NetworkFailed(f"{service} was not migrated:\n{done.stderr[-2000:]}")
