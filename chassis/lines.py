"""Lines to the database: a small pool of SQLAlchemy connections, each with its bare driver."""

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import asyncpg
from asyncpg.protocol import protocol
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from chassis import sight
from chassis.mishaps import DatabaseAway, told
from chassis.papers import trusting

# What we give as arrays. The driver would ask an abstract class about every element of one,
# in Python: a third of what it takes to send a row.
_ARRAYS: Any = (list, tuple, set, frozenset, type({}.keys()), type({}.values()))
protocol.IterableABC = _ARRAYS

_PATIENCE = 30.0
"""As long as a statement may take."""
_SERVER = {
    "application_name": "halcyon",
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "timezone": "UTC",
    sight.SETTING: sight.EVERYTHING,
    "statement_timeout": "30000",
    "idle_in_transaction_session_timeout": "60000",
}


def engine(url: str, authority: Path | None = None, **more: Any) -> AsyncEngine:
    """SQLAlchemy's way to a database; with an authority only to a server that it signed."""
    made = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        poolclass=NullPool,
        hide_parameters=True,
        **more,
    )
    if authority:

        def secure(_dialect: Any, _record: Any, _given: Any, named: dict[str, Any]) -> None:
            named["ssl"] = trusting(authority)

        event.listen(made.sync_engine, "do_connect", secure)
    return made


@dataclass(slots=True, eq=False)
class Line:
    """One session: SQLAlchemy for the odd statement, the driver for the hot ones."""

    connection: AsyncConnection
    driver: Any


class Lines:
    """Autocommit for SQLAlchemy: BEGIN and COMMIT are said once, in database.py."""

    def __init__(self, url: str, size: int, authority: Path | None = None) -> None:
        self._engine = engine(
            url,
            authority,
            isolation_level="AUTOCOMMIT",
            connect_args={"server_settings": _SERVER, "timeout": 5},
        )
        self._slots = asyncio.Semaphore(size)
        self._idle: list[Line] = []

    def line(self) -> "Lent":
        """A line for one transaction."""
        return Lent(self)

    async def close(self) -> None:
        """Hang up every idle line."""
        while self._idle:
            await _hang_up(self._idle.pop(), gently=True)
        await self._engine.dispose()

    async def take(self) -> Line:
        """A line that was alive when last seen; a dead one is replaced, not handed out."""
        await self._await_slot()
        try:
            while self._idle:
                line = self._idle.pop()
                if not line.driver.is_closed():
                    return line
                await _hang_up(line)
            return await self._open()
        except BaseException:
            self._slots.release()
            raise

    async def _await_slot(self) -> None:
        """Not for ever: those who hold every line may be waiting here for one more."""
        if not self._slots.locked():
            await self._slots.acquire()
            return
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._slots.acquire()
        except TimeoutError:
            raise DatabaseAway from None

    def give(self, line: Line) -> None:
        """Back to the pool, outside any transaction."""
        self._idle.append(line)
        self._slots.release()

    async def abort(self, line: Line) -> None:
        """Undo the open transaction; a line that cannot even do that is dropped."""
        try:
            async with asyncio.timeout(5):
                await line.driver.execute("ROLLBACK")
        except BaseException as error:
            await _hang_up(line)
            self._slots.release()
            if not isinstance(error, Exception):
                raise
        else:
            self.give(line)

    async def _open(self) -> Line:
        """A caller that hangs up meanwhile leaves the new line to the next."""
        opening = asyncio.ensure_future(self._connect())
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(self._keep)
            raise

    def _keep(self, opened: "asyncio.Future[Line]") -> None:
        if not opened.cancelled() and opened.exception() is None:
            self._idle.append(opened.result())

    async def _connect(self) -> Line:
        try:
            connection = await self._engine.connect()
        except (OSError, DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError):
            raise DatabaseAway from None
        raw = await connection.get_raw_connection()
        return Line(connection, raw.driver_connection)


class Lent:
    """A line until the end of a block; whatever fails on it is undone, and told in our words."""

    __slots__ = ("_line", "_lines")

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._line: Line

    async def __aenter__(self) -> Line:
        self._line = await self._lines.take()
        return self._line

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self._lines.give(self._line)
            return
        await self._lines.abort(self._line)
        if (word := told(error)) is not error:
            raise word from None


async def _hang_up(line: Line, *, gently: bool = False) -> None:
    if not gently:
        line.driver.terminate()
    with contextlib.suppress(Exception):
        await (line.connection.close() if gently else line.connection.invalidate())
    with contextlib.suppress(Exception):
        await line.connection.close()
