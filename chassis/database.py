"""The one commit: state, facts, deadlines and errands are kept together or not at all."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

from google.protobuf.message import Message
from sqlalchemy import CursorResult, Executable, Select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import outbox, sight, telemetry
from chassis.audit import access
from chassis.audit.access import Access
from chassis.facts import Identity
from chassis.failpoints import failpoint
from chassis.lines import Line, Lines
from chassis.mishaps import DatabaseFault
from chassis.plans import R
from chassis.rows import Rows
from chassis.written import Lease, Written

__all__ = ["Database", "Tx"]

T = TypeVar("T")
_LOOKING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class Tx:
    """One transaction: what is found in it, put in it and emitted in it."""

    hearing: Identity
    """Which fact is being handled, in a transaction that handles facts."""

    def __init__(self, line: Line, now: datetime, lease: Lease, *, writing: bool) -> None:
        self.now = now
        self.connection: AsyncConnection = line.connection
        self.driver = line.driver
        self.written = Written(lease)
        self._sees = sight.current()
        self._rows = Rows(line.driver, writing=writing)
        self.find = self._rows.find
        self.load = self._rows.load
        self.look = self._rows.look
        self.put = self._rows.put

    def emit(self, fact: Message) -> None:
        """State a fact in the same commit; the relay tells the world."""
        self.written.facts.append(outbox.entry(fact, self.now))

    def due(self, name: str, entity_id: UUID, at: datetime) -> None:
        """Ask to be woken at a moment; a later word about the same thing replaces this one."""
        self.written.dues[name, entity_id] = at

    def undue(self, name: str, entity_id: UUID) -> None:
        """Nothing is due after all."""
        self.written.dues[name, entity_id] = None

    def errand(self, name: str, entity_id: UUID) -> None:
        """Ask for a remote call, to be made after the commit and outside any transaction."""
        self.written.ask((name, entity_id), telemetry.current_traceparent())

    def done(self, name: str, entity_id: UUID) -> None:
        """The errand's effect is recorded here, so the errand ends here."""
        self.written.end((name, entity_id))

    async def execute(
        self, statement: Executable | str, parameters: Any = None
    ) -> CursorResult[Any]:
        """Any SQLAlchemy statement or SQL text, after everything put so far."""
        await self._rows.flush()
        chosen = text(statement) if isinstance(statement, str) else statement
        return await self.connection.execute(chosen, parameters)

    @asynccontextmanager
    async def beyond(self) -> AsyncIterator[None]:
        """See every clinic for a moment: who asks decides alone what is told of it."""
        if self._sees == sight.EVERYTHING:
            yield
            return
        await self.driver.execute(sight.seeing(sight.EVERYTHING))
        yield
        await self.driver.execute(sight.seeing(self._sees))

    async def rows(self, statement: "Select[R]") -> list[R]:
        """The rows a select(Row) finds, after everything put so far."""
        await self._rows.flush()
        row: type[R] = statement.column_descriptions[0]["entity"]
        locked = statement._for_update_arg is not None
        found = await self.connection.execute(statement)
        names = tuple(found.keys())
        adopt = self._rows.adopt
        return [adopt(row, zip(names, values, strict=True), locked=locked) for values in found]

    def tell(self, about: Access) -> None:
        """An audit entry for what was put since the last one, in the same commit."""
        told, self._rows.told = self._rows.told, []
        if not about.stands:
            self.written.audit.append(about.entry(self.now, told))

    async def flush(self) -> None:
        """Write everything put, emitted and asked for."""
        self.written.settle(await self._rows.flush(*self.written.statements(self.now)))


class Database:
    """Where a service keeps what it knows."""

    def __init__(
        self,
        url: str,
        authority: Path | None = None,
        *,
        pool: int = 16,
        lease: float = 10,
        errand_lease: float = 60,
    ) -> None:
        """`authority` signs the server's certificate; without it there is no TLS."""
        self._lines = Lines(url, pool, authority)
        self.errand_lease = timedelta(seconds=errand_lease)
        self._lease = Lease(uuid4(), timedelta(seconds=lease), self.errand_lease)
        self._offset = timedelta()
        self.committed: list[Callable[[Written], None]] = []
        """Told what each commit wrote: the relay, the deadlines and the errands listen."""

    def clock(self) -> datetime:
        """Now, by the database's clock."""
        return datetime.now(UTC) + self._offset

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """All of the block, or nothing of it."""
        async with self._lines.line() as line:
            await line.driver.execute(sight.opening("BEGIN"))
            tx = Tx(line, self.clock(), self._lease, writing=True)
            yield tx
            about = access.current()
            if about:
                tx.tell(about)
            await tx.flush()
            failpoint("before-commit")
            if await line.driver.execute("COMMIT") != "COMMIT":
                raise DatabaseFault("25P02")
        if about:
            about.recorded = True
        if tx.written.facts:
            failpoint("after-commit-before-publish")
        for tell in self.committed:
            tell(tx.written)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """One consistent look, without locks; what is put in it is not kept."""
        async with self._lines.line() as line:
            await line.driver.execute(sight.opening(_LOOKING))
            yield Tx(line, self.clock(), self._lease, writing=False)
            await line.driver.execute("ROLLBACK")

    async def look(self, row: type[R], keys: Iterable[object]) -> dict[Any, R]:
        """Those of the keys that are there, by key: one statement, and so one consistent look."""
        return await self._alone(lambda driver: Rows(driver, writing=False).look(row, keys))

    async def keep_time(self, every: float = 30) -> None:
        """Follow the database's clock for as long as this process lives."""
        while True:
            await asyncio.sleep(every)
            try:
                await self.tell_time()
            except Exception:  # noqa: S112
                continue

    async def tell_time(self) -> None:
        """Measure how far our clock is from the database's."""
        async with self.read() as tx:
            before = datetime.now(UTC)
            theirs = await tx.driver.fetchval("SELECT clock_timestamp()")
            self._offset = theirs - before - (datetime.now(UTC) - before) / 2

    def travel(self, by: timedelta) -> None:
        """For tests: let time pass."""
        self._offset += by

    async def fetch(self, sql: str, *arguments: object) -> Sequence[Any]:
        """One statement, which is its own transaction."""
        found: Sequence[Any] = await self._alone(lambda driver: driver.fetch(sql, *arguments))
        return found

    async def _alone(self, ask: Callable[[Any], Awaitable[T]]) -> T:
        """The process's own needs no BEGIN; a caller's is bounded like a caller's transaction."""
        async with self._lines.line() as line:
            if sight.current() == sight.EVERYTHING:
                return await ask(line.driver)
            await line.driver.execute(sight.opening("BEGIN"))
            found = await ask(line.driver)
            await line.driver.execute("COMMIT")
            return found

    async def close(self) -> None:
        """Hang up."""
        await self._lines.close()
