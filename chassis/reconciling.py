"""The outbox and the stream compared: what the stream lost is told, and published again."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

import structlog
from nats.js.errors import NotFoundError

from chassis import comparing, telemetry, watermark
from chassis.bus import Bus
from chassis.carried import windows
from chassis.comparing import Comparison
from chassis.consumers import STREAM
from chassis.database import Database, Tx
from chassis.watermark import Place

_GLANCE, _DEEP = 30.0, 3600.0
_AGAIN = """
UPDATE outbox SET published_at = NULL, lease_token = NULL, leased_until = $2
WHERE event_id = ANY($1::uuid[])
"""
_AT_ONCE, _FEW = 10_000, 1000

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
        self.compared = Comparison(frozenset(), frozenset())
        self._look = asyncio.Event()
        self._making = asyncio.Lock()
        """A consumer deleted and made twice at once is one that the server cannot make."""
        bus.reconnected.append(self._look.set)

    async def run(self) -> None:
        """Until cancelled; a broker that has come back is looked at before much is heard of it."""
        loop = asyncio.get_running_loop()
        deep_at = loop.time() + _DEEP * random.uniform(0.1, 1)  # noqa: S311
        while True:
            try:
                self.standing = await self.glance()
                if loop.time() > deep_at or self.standing.state is State.REGRESSED:
                    deep_at = loop.time() + _DEEP
                    await self.compare()
            except Exception as error:
                log.warning("stream.unseen", error_class=type(error).__qualname__)
            if self.standing.state is not State.SOUND:
                log.error("stream.unsound", state=self.standing.state.name.lower())
            await self._rest()

    async def _rest(self) -> None:
        self._look.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(_GLANCE * random.uniform(0.8, 1.2)):  # noqa: S311
                await self._look.wait()

    async def glance(self) -> Standing:
        """A stream that ends before what was handled, or lacks our fact where it stood, lost some.

        A consumer that has settled more than the stream holds would even wait for ever.
        """
        manager = self._bus.jetstream.manager()
        try:
            held = (await manager.stream_info(self._stream)).state
        except NotFoundError:
            return Standing(State.LOST)
        last = int(held.last_seq)
        floor = await self._floor()
        if await self._went_back(int(held.first_seq), last) or (floor or 0) > last:
            return Standing(State.REGRESSED, last, floor or 0)
        return Standing(State.SOUND if floor is not None else State.UNHEARD, last, floor or 0)

    async def compare(self) -> Comparison:
        """Every fact of ours against the stream."""
        self.compared = await comparing.compare(self._db, self._bus, self._name, self._stream)
        return self.compared

    async def missing(self) -> list[UUID]:
        """Our facts that the stream lacks, which is made if it is gone.

        It needs lines to the database of its own, so whoever asks holds none.
        """
        await self._bus.jetstream.provision(self._stream)
        return list((await self.compare()).missing)

    async def rebuild(self, tx: Tx, missing: Sequence[UUID]) -> None:
        """The relay's sweep then publishes them."""
        for at in range(0, len(missing), _AT_ONCE):
            await tx.driver.execute(_AGAIN, missing[at : at + _AT_ONCE], tx.now)
        await watermark.begin_anew(tx, self._stream)

    async def listen_anew(self) -> None:
        """After a rebuild every consumer begins again: the inbox passes over what it knows.

        A stream that went back and grew on holds new facts at places that ours had passed.
        """
        if self._provision is not None:
            async with self._making:
                await self._bus.jetstream.begin_anew(self._stream, self._name)
                await self._provision()
        self.standing = await self.glance()

    def observe(self) -> None:
        """As measurements."""
        telemetry.observe(
            "halcyon.stream.unsound", lambda: float(self.standing.state is not State.SOUND)
        )
        telemetry.observe("halcyon.stream.missing", lambda: len(self.compared.missing))
        telemetry.observe("halcyon.stream.phantom", lambda: len(self.compared.phantom))

    async def _floor(self) -> int | None:
        """How far our consumer has settled; None when it is gone."""
        if self._provision is None:
            return 0
        try:
            heard = await self._bus.jetstream.manager().consumer_info(self._stream, self._name)
        except NotFoundError:
            return None
        return int(heard.ack_floor.stream_seq) if heard.ack_floor else 0

    async def _went_back(self, first: int, last: int) -> bool:
        """Known for good once it is seen, until a rebuild."""
        mark = await watermark.read(self._db, self._stream)
        if not mark.regressed and mark.last_seq <= last:
            start = mark.own.seq if mark.own else max(1, first, last - _FEW)
            own = await self._own(start)
            if mark.own in (None, own[0] if own else None) or start < first:
                newest = own[-1] if own else None
                await watermark.keep(self._db, self._stream, mark, last, newest)
                return False
        if not mark.regressed:
            await watermark.condemn(self._db, self._stream, mark)
        return True

    async def _own(self, start: int) -> list[Place]:
        """The first and the last of our own facts from a place on."""
        ends: list[Place] = []
        subject = f"halcyon.{self._name}.events.>"
        async with aclosing(windows(self._bus, self._stream, subject, _FEW, start)) as found:
            async for window in found:
                ends = [*ends[:1], *window.places][:1] + window.places[-1:]
        return ends
