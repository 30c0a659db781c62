"""How a command that runs a network is told to end: once, and never half way."""

import signal
import threading
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(SystemExit):
    """The signal, where it found the command."""


def first() -> threading.Event:
    """From here on the first signal ends the command with exit code 130; later ones are ignored."""
    over = threading.Event()

    def told(_signum: int, _frame: FrameType | None) -> None:
        if not over.is_set():
            over.set()
            raise Ended(130)

    for signum in _SIGNALS:
        signal.signal(signum, told)
    return over


def ignore() -> None:
    """The end has begun and must not be interrupted."""
    for signum in _SIGNALS:
        signal.signal(signum, signal.SIG_IGN)
