"""Child processes that never outlive us, however we die: each is known to the watchdog."""

import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypedDict

from chassis.watchdog import kill_tree, watchdog

_TAIL = 4096
_DROP = """
import os, pwd, sys
account = pwd.getpwnam(sys.argv[1])
os.setgroups([])
os.setgid(account.pw_gid)
os.setuid(account.pw_uid)
os.execv(sys.argv[2], sys.argv[2:])
"""


class Child:
    """One process in its own session, its output in a log file, registered with the watchdog."""

    def __init__(  # noqa: PLR0913
        self,
        argv: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: str | None = None,
        keep: Iterable[int] = (),
    ) -> None:
        """Describe it; `keep` are descriptors it inherits, `user` the account it runs as."""
        self.log = log
        self._argv = [str(word) for word in argv]
        self._env, self._cwd, self._user, self._keep = env, cwd, user, tuple(keep)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id; only a started child has one."""
        if self._process is None:
            raise RuntimeError(f"{self._argv[0]} is not started")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Started and not yet ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> "Child":
        """Start the process; its end is already arranged when this returns."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*_as(self._user), *self._argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._env,
                cwd=self._cwd,
                start_new_session=True,
                pass_fds=self._keep,
            )
        watchdog.add(self._process.pid)
        return self

    def terminate(self, signum: signal.Signals = signal.SIGTERM) -> None:
        """Ask the process to end."""
        if self.running:
            os.kill(self.pid, signum)

    def kill(self) -> None:
        """End the process and everything below it at once, as a crash would."""
        if self.running:
            kill_tree(self.pid)
        self.wait()

    def wait(self, timeout: float | None = None) -> int | None:
        """The exit code, or None when it still runs after `timeout` seconds."""
        if self._process is None:
            return None
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        watchdog.remove(self._process.pid)
        return code

    def stop(self, signum: signal.Signals = signal.SIGTERM, grace: float = 30) -> None:
        """Ask, wait, and insist after `grace` seconds."""
        self.terminate(signum)
        if self.running and self.wait(grace) is None:
            self.kill()
        self.wait()

    def tail(self) -> str:
        """The end of the log, for an error message."""
        with suppress(FileNotFoundError):
            return self.log.read_bytes()[-_TAIL:].decode(errors="replace").strip()
        return ""


def _as(user: str | None) -> list[str]:
    """The words that drop to an account before the program starts.

    `subprocess(user=...)` would fork, and a fork of a process with gRPC's threads may crash.
    """
    return [] if user is None else [sys.executable, "-I", "-S", "-c", _DROP, user]


class Account(TypedDict, total=False):
    """The arguments of `subprocess` that drop to an account and to its group only."""

    user: str
    group: int
    extra_groups: list[str]


def as_account(user: str | None) -> Account:
    """Who a process runs as; nothing is said when it stays who we are."""
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
