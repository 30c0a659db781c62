"""A cluster on disk: made once, and asked whether its postmaster lives and is ready."""

import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from chassis.children import Child, as_account
from chassis.embedded.starting import ServerFailed
from chassis.watchdog import alive


def initdb(binaries: Path, data: Path, words: Path, user: str | None) -> None:
    """Make a cluster; `words` is the file with its password."""
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


def forget_the_dead(pid_file: Path) -> None:
    """PostgreSQL takes a killed postmaster that nobody has reaped yet for a living one."""
    with suppress(FileNotFoundError):
        if not alive(int(pid_file.read_text().split("\n")[0])):
            pid_file.unlink()


def postmaster_ready(data: Path) -> Callable[[Child, int], bool]:
    """The postmaster writes its state into the eighth line of its pid file."""

    def ready(child: Child, _port: int) -> bool:
        with suppress(FileNotFoundError):
            lines = (data / "postmaster.pid").read_text().split("\n")
            return lines[0] == str(child.pid) and lines[7:8] != [] and "ready" in lines[7]
        return False

    return ready
