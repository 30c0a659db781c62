"""The outbox and the stream compared: what the stream lost is told, and published again."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from uuid import UUID

import structlog
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import NotFoundError

from chassis import telemetry
from chassis.bus import STREAM, Bus
from chassis.database import Database, Tx

_GLANCE, _DEEP = 30.0, 3600.0
_STALL = 10.0
_MSG_ID = re.compile(rb"Nats-Msg-Id: *([^\r\n]+)\r\n")
_PUBLISHED = """
SELECT event_id FROM outbox WHERE published_at IS NOT NULL AND recorded_at > $1
"""
_KNOWN = "SELECT event_id FROM outbox WHERE event_id = ANY($1::uuid[])"
_AGAIN = """
UPDATE outbox SET published_at = NULL, lease_token = NULL, leased_until = $2
WHERE event_id = ANY($1::uuid[])
"""

log = structlog.get_logger()


class State(Enum):
    """How the stream and our consumer stand."""

    SOUND = 1
    LOST = 2
    REGRESSED = 3
    UNHEARD = 4


@dataclass(frozen=True, slots=True)
class Standing:
    """A glance at the stream."""

    state: State
    last_seq: int = 0
    ack_floor: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Our facts that the stream lacks, and those in it that we do not know."""

    missing: frozenset[UUID]
    phantom: frozenset[UUID]


class Reconciler:
    """Glances twice a minute; compares fact by fact once an hour, and when asked."""

    def __init__(
        self,
        db: Database,
        bus: Bus,
        name: str,
        provision: Callable[[], Awaitable[None]] | None,
        stream: str = STREAM,
    ) -> None:
        """`provision` makes the service's consumer; a service that hears nothing has none."""
        self._db, self._bus, self._name = db, bus, name
        self._provision, self._stream = provision, stream
        self.standing = Standing(State.SOUND)
        self._highest = 0
        self.compared = Comparison(frozenset(), frozenset())

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        deep_at = loop.time() + _DEEP * random.uniform(0.1, 1)  # noqa: S311
        while True:
            await asyncio.sleep(_GLANCE * random.uniform(0.8, 1.2))  # noqa: S311
            try:
                self.standing = await self.glance()
                if loop.time() > deep_at or self.standing.state is State.REGRESSED:
                    deep_at = loop.time() + _DEEP
                    self.compared = await self.compare()
            except Exception as error:
                log.warning("stream.unseen", error_class=type(error).__qualname__)
            if self.standing.state is not State.SOUND:
                log.error("stream.unsound", state=self.standing.state.name.lower())

    async def glance(self) -> Standing:
        """A stream that ends before where it once was has lost facts, whoever has heard them.

        A consumer that has settled more than the stream holds would even wait for ever.
        """
        manager = self._bus.manager()
        try:
            last = int((await manager.stream_info(self._stream)).state.last_seq)
        except NotFoundError:
            return Standing(State.LOST)
        self._highest = max(self._highest, last)
        if self._provision is None:
            return Standing(State.REGRESSED if self._highest > last else State.SOUND, last)
        try:
            heard = await manager.consumer_info(self._stream, self._name)
        except NotFoundError:
            return Standing(State.UNHEARD, last)
        floor = int(heard.ack_floor.stream_seq) if heard.ack_floor else 0
        reached = max(floor, self._highest)
        state = State.REGRESSED if reached > last else State.SOUND
        return Standing(state, last, floor)

    async def compare(self) -> Comparison:
        """The outbox is read first: what it calls published by then must be in the stream."""
        published = {row[0] for row in await self._db.fetch(_PUBLISHED, await self._oldest())}
        carried = await self._carried()
        strangers = list(carried - published)
        known = {row[0] for row in await self._db.fetch(_KNOWN, strangers)} if strangers else set()
        missing = frozenset(published - carried)
        self.compared = Comparison(missing, frozenset(carried - published - known))
        return self.compared

    async def rebuild(self, tx: Tx) -> int:
        """The stream is made if it is gone; the relay's sweep then publishes what it lacks."""
        await self._bus.provision(self._stream)
        missing = list((await self.compare()).missing)
        await tx.driver.execute(_AGAIN, missing, tx.now)
        return len(missing)

    async def listen_anew(self) -> None:
        """A consumer that is gone or ahead begins again: the inbox passes over what it knows."""
        standing = await self.glance()
        if self._provision is None or standing.state is State.SOUND:
            self._highest = 0
            return
        if standing.state is State.REGRESSED:
            await self._bus.manager().delete_consumer(self._stream, self._name)
        await self._provision()
        self._highest = 0
        self.standing = await self.glance()

    def observe(self) -> None:
        """As measurements."""
        telemetry.observe(
            "halcyon.stream.unsound", lambda: float(self.standing.state is not State.SOUND)
        )
        telemetry.observe("halcyon.stream.missing", lambda: len(self.compared.missing))
        telemetry.observe("halcyon.stream.phantom", lambda: len(self.compared.phantom))

    async def _oldest(self) -> object:
        """The stream forgets by age: what is about to go is not missed."""
        info = await self._bus.manager().stream_info(self._stream)
        age = timedelta(seconds=float(info.config.max_age or 0)) or timedelta(days=30)
        return self._db.clock() - age + timedelta(hours=1)

    async def _carried(self) -> set[UUID]:
        """Ids of our facts in the stream, read by their headers alone."""
        found: set[UUID] = set()
        news = asyncio.Event()

        def take(_: str, __: str, ___: bytes, headers: bytes | None) -> None:
            if named := _MSG_ID.search(headers or b""):
                found.add(UUID(named[1].decode()))
            count[0] += 1
            news.set()

        count, expected = [0], 0
        inbox = self._bus.inbox()
        tapped = await self._bus.tap(inbox, take)
        try:
            made = await self._bus.manager().add_consumer(
                self._stream,
                ConsumerConfig(
                    deliver_subject=inbox,
                    filter_subject=f"halcyon.{self._name}.events.>",
                    ack_policy=AckPolicy.NONE,
                    headers_only=True,
                    inactive_threshold=30,
                ),
            )
            expected = int(made.num_pending or 0)
            while count[0] < expected:
                news.clear()
                async with asyncio.timeout(_STALL):
                    await news.wait()
        except TimeoutError:
            log.error("stream.unreadable", expected=expected, read=count[0])
        finally:
            await self._bus.untap(tapped)
        return found
