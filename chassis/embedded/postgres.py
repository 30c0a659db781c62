"""One PostgreSQL: a cluster of ours as a child process, or a server that somebody else runs."""

import hmac
import secrets
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from chassis.children import Child
from chassis.embedded import databases
from chassis.embedded.binaries import WHEEL, binaries_for
from chassis.embedded.cluster import forget_the_dead, initdb, postmaster_ready
from chassis.embedded.folders import account, home_of
from chassis.embedded.starting import ServerFailed, start, started

_SETTINGS = {
    "unix_socket_directories": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": "300",
    "shared_buffers": "256MB",
    "dynamic_shared_memory_type": "mmap",
    "timezone": "UTC",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_min_messages": "log",
}


class Postgres:
    """One PostgreSQL cluster under a directory, on 127.0.0.1, with a generated password."""

    def __init__(
        self,
        directory: Path,
        keep: tuple[int, ...] = (),
        more: Mapping[str, str] | None = None,
        wheel: str = WHEEL,
    ) -> None:
        """`more` is added to the settings, such as a certificate for a wheel that speaks TLS."""
        self._base, self._keep, self._more, self._wheel = directory, keep, more or {}, wheel
        self._user = account()
        self._port = 0
        self._child: Child | None = None
        self.log = directory / "postgres.log"

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        return started(self._child).pid

    def start(self) -> None:
        """Create the cluster the first time, start it, return when it answers."""
        binaries = binaries_for(self._user, self._wheel)
        data = home_of(self._base, self._user) / "data"
        if not data.exists():
            self._create(binaries, data)
        forget_the_dead(data / "postmaster.pid")
        self._port, self._child = start(
            self._port, lambda port: self._spawn(binaries, data, port), postmaster_ready(data)
        )

    def stop(self) -> None:
        """Shut down cleanly: connections are closed, everything is on disk."""
        started(self._child).stop(signal.SIGINT)

    def kill(self) -> None:
        """Crash: SIGKILL the postmaster and all its processes."""
        started(self._child).kill()

    def restart(self) -> None:
        """Stop when it runs, then start on the same port."""
        self.stop()
        self.start()

    def url(self, database: str = "postgres") -> str:
        """Where one database is, as its owner sees it."""
        return f"postgresql://postgres:{self._password()}@127.0.0.1:{self._port}/{database}"

    def service_url(self, database: str, service: str) -> str:
        """The same as the service itself sees it: under a role that owns nothing."""
        owner = urlsplit(self.url(database))
        role = f"halcyon_{service}_service"
        words = hmac.digest((owner.password or "").encode(), role.encode(), "sha256").hex()
        server = owner.netloc.rpartition("@")[2]
        return owner._replace(netloc=f"{role}:{words}@{server}").geturl()

    def create_database(self, name: str) -> None:
        """Create a database unless it exists."""
        databases.create(self.url(), name)

    def _spawn(self, binaries: Path, data: Path, port: int) -> Child:
        places = {"listen_addresses": "127.0.0.1", "port": str(port)}
        settings = {**places, **_SETTINGS, **self._more}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return Child(
            [binaries / "postgres", "-D", data, *options],
            log=self.log,
            env={"LC_ALL": "C", "TZ": "UTC"},
            cwd=data,
            user=self._user,
            keep=self._keep,
        ).start()

    def _create(self, binaries: Path, data: Path) -> None:
        """A cluster appears complete or not at all."""
        new = data.with_name("data.new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        words = data.with_name("initial.password")
        words.touch(mode=0o600)
        words.write_text(self._password())
        if self._user:
            shutil.chown(new, self._user)
            shutil.chown(words, self._user)
        try:
            initdb(binaries, new, words, self._user)
        finally:
            words.unlink()
        new.rename(data)

    def _password(self) -> str:
        path = self._base / "postgres.password"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(24))
        return path.read_text()


class ExternalPostgres(Postgres):
    """A PostgreSQL that somebody else runs, named by HALCYON_POSTGRES_URL."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)

    @property
    def pid(self) -> int:
        """Not ours to know."""
        raise ServerFailed("HALCYON_POSTGRES_URL names a server that is not ours")

    def start(self) -> None:
        """It runs already."""

    def stop(self) -> None:
        """It is not ours to stop."""

    def kill(self) -> None:
        """It is not ours to kill."""
        raise ServerFailed("HALCYON_POSTGRES_URL names a server that is not ours")

    def url(self, database: str = "postgres") -> str:
        """The given address with another database."""
        return self._url._replace(path=f"/{database}").geturl()
