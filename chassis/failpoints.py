"""Named moments at which a test may kill the process: nothing at all unless one is chosen."""

import os
import signal

NAMES = frozenset(
    {
        "after-inbox-claim",
        "before-commit",
        "after-commit-before-publish",
        "after-publish-before-mark",
        "after-commit-before-ack",
    }
)


class _Chosen:
    name: str | None = None
    hits_left = 0


def choose(spec: str | None) -> None:
    """`name` kills at the first hit, `name@3` at the third."""
    name, _, nth = (spec or "").partition("@")
    if name and name not in NAMES:
        raise ValueError(f"no failpoint {name}")
    _Chosen.name, _Chosen.hits_left = name or None, int(nth or 1)


def failpoint(name: str) -> None:
    """Die here, without a word, if this is the chosen moment."""
    if _Chosen.name == name:
        _Chosen.hits_left -= 1
        if _Chosen.hits_left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
