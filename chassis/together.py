"""Calls that wait together are decided and committed together; each succeeds or fails by itself."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Collection, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from opentelemetry import context as contexts
from opentelemetry.context import Context

from chassis.audit import access
from chassis.audit.access import Access
from chassis.database import Database, Tx
from chassis.mishaps import DatabaseAway
from chassis.refusal import Refusal
from chassis.rhythm import Rhythm

A = TypeVar("A")
K = TypeVar("K")
B = TypeVar("B")

_MOST = 64
_LINGER = 0.02
"""Calls come in bursts: whoever asks again was answered with others, in one batch downstream."""


@dataclass(slots=True, eq=False)
class _Call(Generic[A, B]):
    """One caller's question, in the trace it was asked in."""

    asked: A
    apart: frozenset[Hashable]
    context: Context = field(default_factory=contexts.get_current)
    access: Access | None = field(default_factory=access.current)
    answer: "asyncio.Future[B]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def succeed(self, answer: B) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class Together(Generic[A, K, B]):
    """One transaction at a time for one method; what arrives meanwhile shares the next.

    `load` brings what is known about each call, in their order. `handle` decides about one call
    and records it; it refuses before it writes. Calls with an equal word in `apart` see each
    other's effects, so they never share a transaction.
    """

    def __init__(
        self,
        db: Database,
        *,
        load: Callable[[Tx, Sequence[A]], Awaitable[Sequence[K]]],
        handle: Callable[[A, K, Tx], Awaitable[B]],
        apart: Callable[[A], Collection[Hashable]],
        most: int = _MOST,
    ) -> None:
        self._db, self._load, self._handle, self._apart = db, load, handle, apart
        self._most = most
        self._waiting: list[_Call[A, B]] = []
        self._running: asyncio.Task[None] | None = None
        self._rhythm = Rhythm(_LINGER)

    async def do(self, asked: A) -> B:
        """The answer, once it is committed."""
        call: _Call[A, B] = _Call(asked, frozenset(self._apart(asked)))
        self._waiting.append(call)
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run(), context=contextvars.Context())
        return await call.answer

    async def _run(self) -> None:
        while self._waiting:
            await self._rhythm.pause()
            if batch := self._next():
                self._rhythm.begin(len(batch))
                await self._commit(batch)
                self._rhythm.end()

    def _next(self) -> list[_Call[A, B]]:
        """The oldest calls that can share a transaction; whoever has hung up is forgotten."""
        batch: list[_Call[A, B]] = []
        later: list[_Call[A, B]] = []
        taken: set[Hashable] = set()
        for call in self._waiting:
            if call.answer.done():
                continue
            fits = len(batch) < self._most and taken.isdisjoint(call.apart)
            (batch if fits else later).append(call)
            taken.update(call.apart)
        self._waiting = later
        return batch

    async def _commit(self, batch: Sequence[_Call[A, B]]) -> None:
        """A batch that fails is run again one by one, so that only the guilty one fails."""
        try:
            async with self._db.transaction() as tx:
                settled = await self._settle(batch, tx)
        except Exception as error:
            if len(batch) > 1 and not isinstance(error, DatabaseAway):
                for call in batch:
                    await self._commit([call])
                return
            for call in batch:
                call.fail(error)
            return
        for call, outcome in zip(batch, settled, strict=True):
            if call.access and not isinstance(outcome, Refusal):
                call.access.recorded = True
            call.fail(outcome) if isinstance(outcome, Refusal) else call.succeed(outcome)

    async def _settle(self, batch: Sequence[_Call[A, B]], tx: Tx) -> list[B | Refusal]:
        known = await self._load(tx, [call.asked for call in batch])
        return [await self._one(call, one, tx) for call, one in zip(batch, known, strict=True)]

    async def _one(self, call: _Call[A, B], known: K, tx: Tx) -> B | Refusal:
        token = contexts.attach(call.context)
        try:
            answer = await self._handle(call.asked, known, tx)
            if call.access:
                tx.tell(call.access)
            return answer
        except Refusal as refusal:
            return refusal
        finally:
            contexts.detach(token)
