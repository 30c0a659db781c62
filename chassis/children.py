"""Child processes that never outlive us, however we die.

One small watchdog process holds the reading end of a pipe from us. When we are gone, by any signal,
the pipe ends and the watchdog kills every child that is still registered, with all its descendants.
(PR_SET_PDEATHSIG would follow the thread that started the child, not the process.)
"""

import os
import pwd
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypedDict

_POLL = 0.01
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
        _watchdog.add(self._process.pid)
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
        _watchdog.remove(self._process.pid)
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


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie that nobody has reaped yet does not."""
    return pid in _processes()


def kill_tree(pid: int, deadline: float = 5) -> None:
    """Freeze a process, kill all below it, then kill it; on return nothing of it runs."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    below = _descendants(pid)
    for victim in below:
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
    until = time.monotonic() + deadline
    while below & _processes().keys() and time.monotonic() < until:
        time.sleep(_POLL)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _descendants(pid: int) -> set[int]:
    parents = _processes()
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def _processes() -> dict[int, int]:
    """Every living process and its parent; zombies have let go of all they held."""
    listed = _from_proc() if Path("/proc/self/stat").exists() else _from_ps()
    return {pid: parent for pid, state, parent in listed if not state.startswith("Z")}


def _from_proc() -> Iterable[tuple[int, str, int]]:
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with suppress(OSError):
                state, parent = (
                    Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[:2]
                )
                yield int(entry), state, int(parent)


def _from_ps() -> Iterable[tuple[int, str, int]]:
    command = ["ps", "-axo", "pid=,stat=,ppid="]
    for line in subprocess.run(
        command, capture_output=True, text=True, check=True
    ).stdout.splitlines():
        pid, state, parent = line.split()
        yield int(pid), state, int(parent)


class _Watchdog:
    """Our end of the pipe: tells the watchdog process whom to kill when we are gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._pids: set[int] = set()

    def add(self, pid: int) -> None:
        with self._lock:
            self._pids.add(pid)
            self._tell(f"+{pid}\n")

    def remove(self, pid: int) -> None:
        with self._lock:
            if pid in self._pids:
                self._pids.remove(pid)
                self._tell(f"-{pid}\n")

    def forget(self) -> None:
        """A forked copy of us must not hold the pipe, nor believe that it has children."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self.__init__()  # type: ignore[misc]

    def _tell(self, line: str) -> None:
        if self._process is None or self._process.poll() is not None:
            self._start()
            line = "".join(f"+{pid}\n" for pid in self._pids)
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode())

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            start_new_session=True,
        )


def _watch() -> None:
    """Be the watchdog: listen until the pipe ends, then kill who is left."""
    pids: set[int] = set()
    for line in sys.stdin:
        (pids.add if line[0] == "+" else pids.discard)(int(line[1:]))
    for pid in pids:
        kill_tree(pid)


if __name__ == "__main__":
    _watch()
else:
    _watchdog = _Watchdog()
    os.register_at_fork(after_in_child=_watchdog.forget)
