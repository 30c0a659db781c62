"""A failed transaction, told without the driver's text: that may hold patient data."""

import asyncpg
from sqlalchemy.exc import DBAPIError

from chassis.faults import is_conflict, is_unavailable
from chassis.refusal import Busy

_TOO_SLOW = "57014"
_DRIVERS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    DBAPIError,
    OSError,
)


class DatabaseFault(Exception):
    """A statement the database refused: its SQLSTATE and constraint, nothing of the data."""

    def __init__(self, sqlstate: str, constraint: str | None = None) -> None:
        super().__init__(f"{sqlstate} {constraint or ''}".strip())
        self.sqlstate = sqlstate
        self.constraint = constraint


class Conflict(DatabaseFault):
    """Somebody else was first (unique, exclusion, serialization, deadlock): try the work again."""


class DatabaseAway(Busy):
    """The database cannot be reached: nothing was learned about the work itself."""

    def __init__(self) -> None:
        super().__init__("DATABASE_UNAVAILABLE", "The database is out of reach; try again.")


def told(error: BaseException) -> BaseException:
    """Our word for a driver's error; anything else is told as it is."""
    if not isinstance(error, _DRIVERS):
        return error
    cause = error.orig.__cause__ if isinstance(error, DBAPIError) and error.orig else error
    sqlstate = str(getattr(cause, "sqlstate", None) or "XX000")
    if is_unavailable(error) and sqlstate != _TOO_SLOW:
        return DatabaseAway()
    kind = Conflict if is_conflict(error) else DatabaseFault
    return kind(sqlstate, getattr(cause, "constraint_name", None))
