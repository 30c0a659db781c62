"""Both servers under one folder, which belongs to one process at a time."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from chassis.embedded.nats_server import Nats
from chassis.embedded.postgres import ExternalPostgres, Postgres
from chassis.embedded.starting import PATIENCE, POLL, ServerFailed
from chassis.papers import Papers


@dataclass(frozen=True)
class Servers:
    """What the five services stand on."""

    postgres: Postgres
    nats: Nats


@contextmanager
def embedded(directory: Path, papers: Papers | None = None) -> Iterator[Servers]:
    """Both servers under one directory, which belongs to us until both have ended.

    With papers NATS speaks TLS; the wheel's PostgreSQL cannot, and stays on loopback.
    """
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        keep = (stack.enter_context(_alone_in(directory)),)
        external = os.environ.get("HALCYON_POSTGRES_URL")
        postgres = ExternalPostgres(external) if external else Postgres(directory, keep)
        nats = Nats(directory, keep, papers=papers)
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
    until = time.monotonic() + PATIENCE / 4
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise ServerFailed(f"{directory} is in use by another process") from None
                time.sleep(POLL)
        yield lock
    finally:
        os.close(lock)
