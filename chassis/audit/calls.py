"""Where a call is told of on its way: when it is refused, and before data leaves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import Context
from typing import Any, TypeAlias, cast

import structlog
from google.protobuf.message import Message

from chassis.audit import access
from chassis.audit.access import Access, Entry
from chassis.calls import Answer, Call, Middleware
from chassis.database import Database
from chassis.refusal import Refusal
from chassis.written import AUDIT

Record: TypeAlias = Callable[[Entry], Awaitable[None]]

log = structlog.get_logger()


def refused(db: Database, record: Record) -> Middleware:
    """A known caller's refused call is told of; who is nobody only shows in the metrics."""

    async def layer(call: Call, answer: Answer) -> Any:
        method = call.method
        about = Access(method.name, method.reads, once=not method.unary, purpose=method.purpose)
        access.begin(about)
        try:
            return await answer(call)
        except Refusal as no:
            if about.principal is not None:
                await _try_to(record, about.entry(db.clock(), outcome=no.reason))
            raise

    return layer


def seen(db: Database, record: Record) -> Middleware:
    """No reply leaves before its entry is durable; a transaction may have kept it already."""

    async def layer(call: Call, answer: Answer) -> Any:
        about = access.current()
        assert about is not None
        if isinstance(call.request, Message):
            about.asked(call.request)
        if not call.method.unary:
            await record(about.entry(db.clock()))
            about.recorded = True
            _follow(call, about, lambda news: record(news.entry(db.clock())))
            return await answer(call)
        reply = await answer(call)
        if not about.recorded:
            if isinstance(reply, Message):
                about.told(reply)
            await record(about.entry(db.clock()))
        return reply

    return layer


def _follow(call: Call, about: Access, tell: Callable[[Access], Awaitable[None]]) -> None:
    """What a stream comes to be about later is told of then: once, and before it goes on."""

    async def witness(message: Message) -> None:
        if news := about.news(message):
            await tell(news)

    async def witnessed(stream: AsyncIterator[Message]) -> AsyncIterator[Message]:
        async for message in stream:
            await witness(message)
            yield message

    call.witness = witness
    if call.method.streams_requests:
        call.request = witnessed(cast("AsyncIterator[Message]", call.request))


class Recorder:
    """Entries of reads: those that wait together are one statement and one commit."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, entry: Entry) -> None:
        """Return once it is durable."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, done))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._write(), context=Context())
        await done

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await self._db.fetch(AUDIT, *access.columns_of(entry for entry, _ in batch))
            except Exception as error:
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
            else:
                for _, done in batch:
                    if not done.done():
                        done.set_result(None)


async def _try_to(record: Record, entry: Entry) -> None:
    """A refusal stands whether or not it can be told of."""
    try:
        await record(entry)
    except Exception as error:
        log.warning("audit.untold", error_class=type(error).__qualname__)
