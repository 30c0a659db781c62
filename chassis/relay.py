"""From the outbox to the stream: woken by the commit, swept for what a crash left behind."""

import asyncio
import random
from collections import deque
from collections.abc import Iterable
from datetime import timedelta
from time import perf_counter
from uuid import UUID, uuid4

import structlog
from tenacity import AsyncRetrying, RetryError, stop_after_attempt, wait_random_exponential
from tenacity.retry import retry_if_exception_type

from chassis import outbox, telemetry
from chassis.absence import BusAway
from chassis.bus import Bus
from chassis.consumers import STREAM
from chassis.database import Database
from chassis.failpoints import failpoint
from chassis.names import Attributes
from chassis.outbox import Entry
from chassis.publisher import Publisher
from chassis.written import Written

_BATCH = 500
_BACKLOG = 20_000
_GATHER = 0.4
"""Marks are in no hurry: the lease is far longer, and together they are one statement."""

_SENT: Attributes = {"messaging.operation.name": "send", "messaging.destination.name": STREAM}

log = structlog.get_logger()


class _Untaken(Exception):
    """The stream did not take some messages."""


class Relay:
    """Publishes in the order of the commits; holds no row lock while it waits for the broker."""

    def __init__(
        self, db: Database, bus: Bus, publisher: Publisher, *, lease: float = 10, poll: float = 1
    ) -> None:
        self._db, self._bus, self._publisher = db, bus, publisher
        self._lease, self._poll = timedelta(seconds=lease), poll
        self._waiting: deque[tuple[Entry, float]] = deque()
        self._published: list[UUID] = []
        self._wake, self._mark, self._idle = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._idle.set()
        self._open: set[UUID] = set()
        """Handed over, and neither marked nor left to the sweeper yet."""
        db.committed.append(self.offer)

    def offer(self, written: Written) -> None:
        """Rows this process just wrote and leases; beyond the backlog they wait for the sweep."""
        if written.facts and len(self._waiting) < _BACKLOG:
            self._hand_over(written.facts)

    async def run(self) -> None:
        """Publish, mark and sweep until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._publish_for_ever())
            tasks.create_task(self._mark_for_ever())
            tasks.create_task(self._sweep_for_ever())

    async def flush(self, patience: float) -> None:
        """Before leaving: let what is in hand go out; the sweep of another finds the rest."""
        try:
            async with asyncio.timeout(patience):
                await self._idle.wait()
        except TimeoutError:
            log.warning("relay.left", waiting=len(self._waiting))

    def _hand_over(self, entries: list[Entry]) -> None:
        until = asyncio.get_running_loop().time() + self._lease.total_seconds()
        self._waiting.extend((entry, until) for entry in entries)
        self._open.update(entry.event_id for entry in entries)
        self._idle.clear()
        self._wake.set()

    def _let_go(self, event_ids: Iterable[UUID]) -> None:
        self._open.difference_update(event_ids)
        if not self._open:
            self._idle.set()

    async def _publish_for_ever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while entries := self._next_batch():
                await self._publish(entries)

    def _next_batch(self) -> dict[UUID, Entry]:
        now, waiting = asyncio.get_running_loop().time(), self._waiting
        batch: dict[UUID, Entry] = {}
        while waiting and len(batch) < _BATCH:
            entry, until = waiting.popleft()
            if until > now:
                batch[entry.event_id] = entry
            else:
                self._let_go([entry.event_id])
        return batch

    async def _publish(self, left: dict[UUID, Entry]) -> None:
        try:
            await self._try(left)
        except (BusAway, _Untaken):
            await self._insist(left)

    async def _insist(self, left: dict[UUID, Entry]) -> None:
        """A few more attempts; what the stream has not taken by then is the sweeper's."""
        attempts = AsyncRetrying(
            stop=stop_after_attempt(4),
            wait=wait_random_exponential(0.1, max=2),
            retry=retry_if_exception_type((BusAway, _Untaken)),
        )
        try:
            await attempts(self._try, left)
        except RetryError:
            log.warning("relay.postponed", facts=len(left))
            self._let_go(left)

    async def _try(self, left: dict[UUID, Entry]) -> None:
        entries = list(left.values())
        with telemetry.sending(STREAM, [entry.traceparent for entry in entries]):
            began = perf_counter()
            taken = await self._publisher.publish(entries)
            telemetry.record("messaging.client.operation.duration", perf_counter() - began, _SENT)
            telemetry.record("messaging.client.sent.messages", len(taken), _SENT)
        for event_id in taken:
            del left[event_id]
        if taken:
            failpoint("after-publish-before-mark")
            self._published += taken
            self._mark.set()
        if left:
            raise _Untaken

    async def _mark_for_ever(self) -> None:
        while True:
            await self._mark.wait()
            await asyncio.sleep(_GATHER)
            self._mark.clear()
            marking, self._published = self._published, []
            try:
                await self._db.fetch(outbox.MARK, marking, self._db.clock())
            except Exception as error:
                log.warning("relay.unmarked", error_class=type(error).__qualname__)
                self._published = marking + self._published
                await asyncio.sleep(random.uniform(0.5, 1.5))  # noqa: S311
                self._mark.set()
            else:
                self._let_go(marking)

    async def _sweep_for_ever(self) -> None:
        while True:
            try:
                if self._bus.alive and len(self._waiting) < _BATCH:
                    await self._sweep()
            except Exception as error:
                log.warning("relay.unswept", error_class=type(error).__qualname__)
            await asyncio.sleep(self._poll * random.uniform(0.8, 1.2))  # noqa: S311

    async def _sweep(self) -> None:
        now = self._db.clock()
        found = await self._db.fetch(outbox.CLAIM, uuid4(), now, now + self._lease)
        if found:
            ordered = sorted(found, key=lambda row: row["seq"])
            self._hand_over([Entry(*tuple(row)[1:]) for row in ordered])
