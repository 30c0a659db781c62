"""What ends our children when we have ended, however we did.

One small process holds the reading end of a pipe from us. When we are gone, by any signal, the
pipe ends and it kills every child that is still registered, with all its descendants.
(PR_SET_PDEATHSIG would follow the thread that started the child, not the process.) It runs this
file alone, so nothing of ours is imported here.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_POLL = 0.01


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


class Watchdog:
    """Our end of the pipe: tells the watchdog process whom to kill when we are gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._pids: set[int] = set()

    def add(self, pid: int) -> None:
        """From here on it dies with us."""
        with self._lock:
            self._pids.add(pid)
            self._tell(f"+{pid}\n")

    def remove(self, pid: int) -> None:
        """It has ended already."""
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
    watchdog = Watchdog()
    os.register_at_fork(after_in_child=watchdog.forget)
