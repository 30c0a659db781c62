"""What must happen at a moment: rows and a sweeper on the database's clock."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from chassis import parking, telemetry
from chassis.database import Database, Tx
from chassis.mishaps import DatabaseAway
from chassis.names import Attributes
from chassis.pauses import Pauses
from chassis.refusal import Reject
from chassis.register import Register
from chassis.written import Written

Meet = Callable[[UUID, Tx], Awaitable[None]]

_BATCH = 64
_MAX_ATTEMPTS = 10
_TAKE = """
DELETE FROM due WHERE (name, entity_id) IN (
    SELECT name, entity_id FROM due WHERE due_at <= $1 AND name = ANY($2::text[])
        AND entity_id <> ALL($4::uuid[])
    ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
RETURNING name, entity_id, due_at, attempts
"""
_LOOK = """
SELECT name, entity_id FROM due WHERE due_at <= $1 AND name = ANY($2::text[])
    AND entity_id <> ALL($4::uuid[])
ORDER BY due_at LIMIT $3
"""
_TAKE_ONE = """
DELETE FROM due WHERE (name, entity_id) IN (
    SELECT name, entity_id FROM due WHERE name = $2 AND entity_id = $3 AND due_at <= $1
    FOR UPDATE SKIP LOCKED)
RETURNING name, entity_id, due_at, attempts
"""
_PUSH = """
UPDATE due SET due_at = $3, attempts = attempts + 1, error_class = $4
WHERE name = $1 AND entity_id = $2
"""

log = structlog.get_logger()


class Deadlines(Register[Meet]):
    """`@due("release-hold")`: a deadline arrives like a fact, in a transaction of its own."""


class Sweeper:
    """Takes what is due; the row goes in the transaction that meets it."""

    def __init__(
        self, due: Deadlines, db: Database, *, poll: float = 0.25, pauses: Pauses | None = None
    ) -> None:
        self._due, self._db, self._poll = due, db, poll
        self._pauses = pauses
        self._wake = asyncio.Event()
        self._next: datetime | None = None
        db.committed.append(self._heed)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                while await self.sweep():
                    pass
            except DatabaseAway:
                log.warning("deadlines.postponed")
                await asyncio.sleep(random.uniform(0.5, 1.5))  # noqa: S311
            except Exception as error:
                log.error("deadlines.broken", error_class=type(error).__qualname__)
                await asyncio.sleep(random.uniform(0.5, 1.5))  # noqa: S311
            await self._rest()

    async def sweep(self) -> bool:
        """One batch together or, when that fails, one by one; true when there may be more.

        At rest it is one look, without a transaction.
        """
        try:
            held = await self._held()
            if not await self._look(1, held):
                return False
            async with self._db.transaction() as tx:
                rows = await tx.driver.fetch(_TAKE, tx.now, self._due.names, _BATCH, held)
                await self._meet(rows, tx)
        except DatabaseAway:
            raise
        except Exception:
            return await self._sweep_alone()
        return len(rows) == _BATCH

    async def _look(self, limit: int, held: list[UUID]) -> Sequence[Any]:
        return await self._db.fetch(_LOOK, self._db.clock(), self._due.names, limit, held)

    async def _held(self) -> list[UUID]:
        return await self._pauses.held_entities("due") if self._pauses else []

    async def _sweep_alone(self) -> bool:
        rows = await self._look(_BATCH, await self._held())
        for name, entity_id in rows:
            await self._meet_alone(name, entity_id)
        return len(rows) == _BATCH

    async def _meet_alone(self, name: str, entity_id: UUID) -> None:
        attempts = 1
        try:
            async with self._db.transaction() as tx:
                rows = await tx.driver.fetch(_TAKE_ONE, tx.now, name, entity_id)
                attempts = rows[0]["attempts"] + 1 if rows else 1
                await self._meet(rows, tx)
        except DatabaseAway:
            raise
        except Exception as error:
            await self._push(name, entity_id, attempts, error)

    async def _meet(self, rows: Sequence[Any], tx: Tx) -> None:
        for name, entity_id, due_at, _ in rows:
            about: Attributes = {"halcyon.deadline.name": name}
            telemetry.record("halcyon.deadlines.met", 1, about)
            late = (tx.now - due_at).total_seconds()
            telemetry.record("halcyon.deadlines.lateness", max(0.0, late), about)
            with telemetry.deadline(name, str(entity_id)):
                await self._due[name](entity_id, tx)

    async def _push(self, name: str, entity_id: UUID, attempts: int, error: Exception) -> None:
        """Later, and in the end beside the parked facts."""
        about = {"attempts": attempts, "error_class": type(error).__qualname__}
        log.warning("deadline.failed", deadline=name, entity_id=str(entity_id), **about)
        async with self._db.transaction() as tx:
            if isinstance(error, Reject) or attempts >= _MAX_ATTEMPTS:
                tx.undue(name, entity_id)
                kind = type(error).__qualname__
                await parking.park_due(tx, name, entity_id, kind, attempts)
            else:
                pause = timedelta(seconds=min(300, 0.5 * 2**attempts) * random.uniform(0.5, 1))  # noqa: S311
                kind = type(error).__qualname__
                await tx.driver.execute(_PUSH, name, entity_id, tx.now + pause, kind)

    def _heed(self, written: Written) -> None:
        soonest = min(filter(None, written.dues.values()), default=None)
        if soonest and (self._next is None or soonest < self._next):
            self._next = soonest
            self._wake.set()

    async def _rest(self) -> None:
        """Until the poll, or the next moment this process has heard of, whichever is sooner."""
        self._wake.clear()
        wait = self._poll
        if self._next:
            ahead = (self._next - self._db.clock()).total_seconds()
            wait = min(wait, max(ahead, 0.0))
            if ahead <= self._poll:
                self._next = None
        try:
            async with asyncio.timeout(wait):
                await self._wake.wait()
        except TimeoutError:
            pass
