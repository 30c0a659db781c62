"""What a transaction may see: PostgreSQL holds to it, under the application's own checks.

A connection of ours begins as the process itself, which handles everybody's facts. A call narrows
each of its transactions to words: the clinics of its caller, the roles, a referrer's own number.
The policies of the tables say which words open a row (`chassis/tenancy.py`).
"""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

SETTING = "halcyon.sees"
EVERYTHING = "*"
NOTHING = ""
_WORD = re.compile(r"[0-9a-z_-]+")
_sees: ContextVar[str] = ContextVar("sees", default=EVERYTHING)


def narrow(words: frozenset[str] | None) -> None:
    """From here on, in this task, see what these words open; None is everything."""
    if words is None:
        _sees.set(EVERYTHING)
    else:
        _sees.set(",".join(sorted(filter(_WORD.fullmatch, words))))


def everything() -> AbstractContextManager[None]:
    """Look beyond the caller's clinics: whoever says so decides alone what is told of it."""
    return _seeing(EVERYTHING)


def nothing() -> AbstractContextManager[None]:
    """Until it is known who calls."""
    return _seeing(NOTHING)


def current() -> str:
    """What transactions begun now will see."""
    return _sees.get()


def opening(begin: str) -> str:
    """BEGIN and what is seen until its end, in one round trip."""
    sees = _sees.get()
    return begin if sees == EVERYTHING else f"{begin}; {seeing(sees)}"


def seeing(words: str) -> str:
    """What is seen from here to the end of the transaction."""
    return f"SET LOCAL {SETTING} = '{words}'"


@contextmanager
def _seeing(words: str) -> Iterator[None]:
    before = _sees.set(words)
    try:
        yield
    finally:
        _sees.reset(before)
