"""What the database means by an error: a race to run again, an absence to wait out, or a bug."""

import socket
from collections.abc import Iterator

import asyncpg
from sqlalchemy import exc

_DEADLOCK = "40P01"
_RACES = frozenset({"23505", "23P01", "40001", _DEADLOCK})
_ABSENCES = frozenset({"53300", "55P03", "57014", "57P01", "57P02", "57P03"})
_CONNECTION_CLASS = "08"


def is_conflict(fault: BaseException) -> bool:
    """Two transactions met: the loser, run again, sees what the winner did."""
    return any(_sqlstate(cause) in _RACES for cause in _causes(fault))


def is_deadlock(fault: BaseException) -> bool:
    """Two transactions waited for one another; this one gave way, and can be begun again."""
    return any(_sqlstate(cause) == _DEADLOCK for cause in _causes(fault))


def is_unavailable(fault: BaseException) -> bool:
    """The database is away, full or too slow; nothing was committed that the caller knows of."""
    return any(_is_absence(cause) for cause in _causes(fault))


def _is_absence(cause: BaseException) -> bool:
    state = _sqlstate(cause)
    if state in _ABSENCES or state.startswith(_CONNECTION_CLASS):
        return True
    if isinstance(cause, asyncpg.InterfaceError):
        return "closed" in str(cause)
    if isinstance(cause, asyncpg.InternalClientError):
        return True  # told FATAL while idle: the driver's state is off until it sees the line end
    if isinstance(cause, exc.DBAPIError) and cause.connection_invalidated:
        return True
    away = (exc.OperationalError, exc.TimeoutError, ConnectionError, socket.gaierror)
    return isinstance(cause, away) or type(cause) is OSError


def _sqlstate(fault: BaseException) -> str:
    state = getattr(fault, "sqlstate", None)
    return state if isinstance(state, str) else ""


def _causes(fault: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    waiting = [fault]
    while waiting:
        cause = waiting.pop()
        if cause is not None and cause not in seen:
            seen.append(cause)
            yield cause
            waiting += [cause.__cause__, getattr(cause, "orig", None)]
