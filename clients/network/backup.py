"""A network's databases copied while it runs, and brought back; the stream is made from them.

What opens, signs and admits goes to a folder of its own: whoever finds the copy of the databases
alone reads no identifier in it (ADR 71), and can write no anchor of the audit.

The copy is PostgreSQL's own base backup. `follow` then receives every change as it is written, and
every key as it is made, so that a restore loses what the last moment wrote and not what the last
night did, and opens what was sealed with a key of yesterday.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event

from chassis.embedded import cluster_home, postgres_binaries
from chassis.keys import KEYRING
from clients.network.process import NetworkFailed

_KEYS = (KEYRING, "audit", "issuer", "nats.keys", "postgres.password", "tls")
"""Of identifiers, of the audit and its signed heads, of tokens, of the broker and its partners;
and of the authority for certificates, where there is one."""
_KEPT = ("nats.accounts",)
_OFTEN = 1.0
_BASE, _WAL, _MANIFEST = "base", "wal", "backup.json"


def backup(network: Path, to: Path, keys: Path) -> None:
    """A base backup of all databases; and all keys, to where the databases are not."""
    if keys.is_relative_to(to) or to.is_relative_to(keys):
        raise NetworkFailed("keys are kept apart from what they open: choose another folder")
    for folder in (to, keys):
        if folder.exists() and any(folder.iterdir()):
            raise NetworkFailed(f"{folder} is not empty")
    for folder in (to, keys):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    run: list[str | Path] = [postgres_binaries() / "pg_basebackup", *_line(network)]
    _run([*run, "-D", to / _BASE, "-X", "stream", "-c", "fast"], network)
    _keep_up(network, to, keys)
    (to / _MANIFEST).write_text(json.dumps({"taken": time.time(), "network": str(network)}))


def follow(network: Path, to: Path, keys: Path, over: Event) -> None:
    """Receive every change and every new key into a backup until it is over."""
    (to / _WAL).mkdir(exist_ok=True)
    run: list[str | Path] = [postgres_binaries() / "pg_receivewal", *_line(network)]
    command: list[str | Path] = [*run, "-D", to / _WAL, "--synchronous", "--no-loop"]
    receiving = subprocess.Popen(command, env=_environment(network), stderr=subprocess.DEVNULL)
    try:
        while not over.wait(_OFTEN):
            if receiving.poll() is not None:
                raise NetworkFailed("the network is gone: no change is received any more")
            _keep_up(network, to, keys)
    finally:
        receiving.terminate()
        receiving.wait()


def restore(backup: Path, keys: Path, network: Path) -> None:
    """A folder that `halcyon up` starts from: the base, and every change received after it."""
    if network.exists() and any(network.iterdir()):
        raise NetworkFailed(f"{network} is not empty")
    if not (backup / _MANIFEST).exists():
        raise NetworkFailed(f"{backup} holds no backup")
    if not (keys / _KEYS[0]).exists():
        raise NetworkFailed(f"{keys} holds no keys: nothing that is sealed could be read again")
    network.mkdir(parents=True, exist_ok=True)
    _copy(_KEPT, backup, network)
    _copy(_KEYS, keys, network)
    data = cluster_home(network) / "data"
    shutil.copytree(backup / _BASE, data)
    if (backup / _WAL).exists():
        _replay(backup / _WAL, data)
    _hand_over(data)


def _keep_up(network: Path, to: Path, keys: Path) -> None:
    """Keys are only ever added to: those of now open all that was sealed until now."""
    _copy(_KEPT, network, to)
    _copy(_KEYS, network, keys)


def _copy(names: Iterable[str], here: Path, there: Path) -> None:
    """Each file that is new or has changed, whole or not at all."""
    for name in names:
        for kept in _files(here / name):
            copy = there / kept.relative_to(here)
            with suppress(FileNotFoundError):
                if not copy.exists() or copy.stat().st_mtime_ns != kept.stat().st_mtime_ns:
                    copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    draft = copy.with_name(f".{copy.name}")
                    shutil.copy2(kept, draft)
                    draft.replace(copy)


def _files(named: Path) -> Iterator[Path]:
    """It, or all in it; a dot begins what is being written."""
    found = named.rglob("*") if named.is_dir() else [named]
    return (path for path in found if path.is_file() and not path.name.startswith("."))


def _replay(wal: Path, data: Path) -> None:
    """Changes go where recovery looks for them; the last segment was being written."""
    for segment in wal.iterdir():
        shutil.copy2(segment, data / "pg_wal" / segment.name.removesuffix(".partial"))


def _hand_over(data: Path) -> None:
    if os.geteuid() == 0:
        for path in (data, *data.rglob("*")):
            shutil.chown(path, "nobody")
    data.chmod(0o700)


def _line(network: Path) -> list[str | Path]:
    with suppress(FileNotFoundError, IndexError):
        lines = (cluster_home(network) / "data" / "postmaster.pid").read_text().split("\n")
        return ["-h", "127.0.0.1", "-p", lines[3], "-U", "postgres"]
    raise NetworkFailed(f"no PostgreSQL runs in {network}")


def _environment(network: Path) -> dict[str, str]:
    return {**os.environ, "PGPASSWORD": (network / "postgres.password").read_text()}


def _run(command: list[str | Path], network: Path) -> None:
    done = subprocess.run(
        command, env=_environment(network), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NetworkFailed(f"the backup failed: {done.stderr.strip()}")
