"""Remote calls asked for by a commit: leased, made outside any transaction, repeated until done."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import structlog

from chassis import telemetry
from chassis.database import Database
from chassis.pauses import Pauses
from chassis.register import Register
from chassis.work import Work
from chassis.written import Task, Written

_BATCH = 64
_CREWS = 4
_BACKLOG = 10_000
"""What is beyond it waits in the table for the sweep."""
_A_WHILE = timedelta(seconds=2)
_CLAIM = """
UPDATE errand SET lease_token = $1, leased_until = $3
WHERE (name, entity_id) IN (
    SELECT name, entity_id FROM errand WHERE leased_until < $2 AND name = ANY($4::text[])
    ORDER BY leased_until LIMIT 256 FOR UPDATE SKIP LOCKED)
RETURNING name, entity_id, traceparent
"""
_FINISH = "DELETE FROM errand WHERE name = $1 AND entity_id = ANY($2::uuid[])"
_REST = """
UPDATE errand SET lease_token = NULL, leased_until = $3 WHERE name = $1 AND entity_id = ANY($2)
"""
_PUSH = """
UPDATE errand SET attempts = attempts + 1, lease_token = NULL, error_class = $5,
    leased_until = $3::timestamptz
        + $4::float8 * LEAST(60, 0.5 * 2 ^ LEAST(attempts, 10)) * interval '1 second'
WHERE name = $1 AND entity_id = $2
"""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Errand:
    """One remote call that a commit asked for."""

    name: str
    entity_id: UUID
    traceparent: str = ""

    def working(self) -> Work:
        """Within this block the trace of whoever asked goes on."""
        return telemetry.errand(self.name, str(self.entity_id), self.traceparent)

    @property
    def task(self) -> Task:
        """What the transaction that ends it names."""
        return self.name, self.entity_id


Run = Callable[[Sequence[Errand], Database], Awaitable[None]]


class Errands(Register[Run]):
    """`@errands("collect-payment")`: takes what is asked for as one batch.

    The handler repeats safely, records its effects in transactions of its own, and ends an
    errand there with `tx.done`; what it left unsaid is ended when it returns.
    """


class Runner:
    """Woken by the commit, swept for what a crash left behind; four batches at a time at most."""

    def __init__(
        self, errands: Errands, db: Database, *, poll: float = 1, pauses: Pauses | None = None
    ) -> None:
        self._errands, self._db, self._poll = errands, db, poll
        self._pauses = pauses
        self._waiting: dict[str, dict[UUID, Errand]] = defaultdict(dict)
        self._running: set[Task] = set()
        self._wake = asyncio.Event()
        self._crews = asyncio.Semaphore(_CREWS)
        db.committed.append(self._heed)

    async def run(self) -> None:
        """Until cancelled; an errand cut short is repeated when its lease ends."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._sweep_for_ever())
            while True:
                await self._wake.wait()
                self._wake.clear()
                while names := [name for name, waiting in self._waiting.items() if waiting]:
                    for name in names:
                        await self._crews.acquire()
                        tasks.create_task(self._send(name, self._next(name)))

    def _next(self, name: str) -> list[Errand]:
        waiting = self._waiting[name]
        batch = [waiting.pop(entity_id) for entity_id in list(waiting)[:_BATCH]]
        self._running.update(one.task for one in batch)
        return batch

    async def _send(self, name: str, batch: list[Errand]) -> None:
        """Together; what a failed batch left open is tried alone, and then later."""
        try:
            free = batch
            if self._pauses and self._pauses.active:
                free = await self._spared(name, batch, self._pauses)
            if free and (why := await self._try(name, free)):
                left = [one for one in free if one.task in self._running]
                again = len(free) > 1
                await asyncio.gather(*(self._alone(one, why, again=again) for one in left))
        except Exception as error:
            log.warning("errand.unfinished", errand=name, error_class=type(error).__qualname__)
        finally:
            self._crews.release()
            self._running.difference_update(one.task for one in batch)

    async def _spared(self, name: str, batch: list[Errand], pauses: Pauses) -> list[Errand]:
        """Those that no pause holds; the others are looked at again in a while."""
        held = set(await pauses.held_entities("errand"))
        resting = [one.entity_id for one in batch if one.entity_id in held]
        if resting:
            await self._db.fetch(_REST, name, resting, self._db.clock() + _A_WHILE)
        return [one for one in batch if one.entity_id not in held]

    async def _alone(self, one: Errand, why: str, *, again: bool) -> None:
        if not again or (why := await self._try(one.name, [one])):
            await self._push(one.name, one.entity_id, why)

    async def _try(self, name: str, batch: list[Errand]) -> str:
        """The class of the error; '' when it is done."""
        try:
            async with asyncio.timeout(self._db.errand_lease.total_seconds() / 2):
                await self._errands[name](batch, self._db)
        except Exception as error:
            kind = type(error).__qualname__
            log.warning("errand.failed", errand=name, errands=len(batch), error_class=kind)
            return kind
        if unsaid := [one.entity_id for one in batch if one.task in self._running]:
            await self._db.fetch(_FINISH, name, unsaid)
        telemetry.record("halcyon.errands.done", len(batch), {"halcyon.errand.name": name})
        return ""

    async def _push(self, name: str, entity_id: UUID, why: str) -> None:
        jitter = random.uniform(0.5, 1)  # noqa: S311
        await self._db.fetch(_PUSH, name, entity_id, self._db.clock(), jitter, why)

    def _heed(self, written: Written) -> None:
        self._running.difference_update(written.done)
        if written.asked:
            self._take(written.asked)

    def _take(self, asked: dict[Task, str]) -> None:
        for (name, entity_id), traceparent in asked.items():
            room = len(self._waiting[name]) < _BACKLOG
            if room and (name, entity_id) not in self._running:
                self._waiting[name][entity_id] = Errand(name, entity_id, traceparent)
        self._wake.set()

    async def _sweep_for_ever(self) -> None:
        while True:
            try:
                now = self._db.clock()
                until = now + self._db.errand_lease
                names = self._errands.names
                found = await self._db.fetch(_CLAIM, uuid4(), now, until, names)
                if found:
                    self._take({(row[0], row[1]): row[2] or "" for row in found})
            except Exception as error:
                log.warning("errands.unswept", error_class=type(error).__qualname__)
            await asyncio.sleep(self._poll * random.uniform(0.8, 1.2))  # noqa: S311
