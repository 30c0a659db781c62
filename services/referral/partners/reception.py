"""Where partners come in: for each of them a gate and a feed, as long as this process lives."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from chassis import telemetry
from chassis.absence import BusAway
from chassis.accounts import Partner as Place
from chassis.bus import Bus
from chassis.config import Settings
from chassis.database import Database
from chassis.ending import end
from chassis.pauses import paused_consumers
from chassis.telemetry import Measured
from services.referral import store
from services.referral.domain import Partner
from services.referral.partners.feed import Feed
from services.referral.partners.gate import Gate

_LOOK_SECONDS = 0.5
_COUNT_SECONDS = 5.0
_REST_SECONDS = 1.0

log = structlog.get_logger()


async def tend(db: Database) -> None:
    """Until cancelled; a network without partners pays one look at a small table."""
    settings = Settings()
    bus = Bus(
        settings.nats_url,
        "referral",
        credentials=settings.nats_credentials,
        papers=settings.papers,
        binds=settings.bind_only,
    )
    try:
        await Reception(db, bus).run()
    finally:
        await bus.close()


async def consumers(db: Database) -> set[str]:
    """By these names the person on call pauses a partner."""
    return {_consumer(partner) for partner in await store.partners(db)}


class Reception:
    """Opens for whom the table names, and opens anew for whom it names otherwise than before."""

    def __init__(self, db: Database, bus: Bus) -> None:
        self._db, self._bus = db, bus
        self._open: dict[Partner, list[asyncio.Task[None]]] = {}
        self._feeds: dict[Partner, Feed] = {}
        self._connected = False
        self._waiting: list[Measured] = []
        self._counted = 0.0
        telemetry.observe("halcyon.partner.backlog", self.backlog)
        telemetry.observe("halcyon.partner.waiting", lambda: self._waiting)

    def backlog(self) -> list[Measured]:
        """What each partner has yet to read."""
        return [(feed.backlog, {"halcyon.partner": who.name}) for who, feed in self._feeds.items()]

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                await self._look()
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            for partner in list(self._open):
                await self._close(partner)

    async def _look(self) -> None:
        try:
            known = set(await store.partners(self._db))
            if known and not self._connected:
                await self._bus.connect()
                self._connected = True
            await self._count(known)
            resting = await paused_consumers(self._db) if known else set()
            known = {one for one in known if _consumer(one) not in resting}
        except Exception as error:
            log.warning("partners.unseen", error_class=type(error).__qualname__)
            return
        for partner in set(self._open) - known:
            await self._close(partner)
        for partner in known - set(self._open):
            self._admit(partner)

    async def _count(self, known: set[Partner]) -> None:
        """What nobody has answered yet, of those that are paused as well."""
        now = asyncio.get_running_loop().time()
        if now - self._counted < _COUNT_SECONDS:
            return
        self._counted, found = now, list[Measured]()
        for one in known:
            with suppress(BusAway):
                stream = Place(one.name, one.account).inbound_stream
                held = await self._bus.jetstream.held(stream)
                found.append((held, {"halcyon.partner": one.name}))
        self._waiting = found

    def _admit(self, partner: Partner) -> None:
        feed = self._feeds[partner] = Feed(self._db, self._bus, partner)
        gate = Gate(self._db, self._bus, partner)
        loops = (gate.run, feed.run)
        self._open[partner] = [asyncio.create_task(_for_ever(loop, partner)) for loop in loops]
        log.info("partner.open", partner=partner.name)

    async def _close(self, partner: Partner) -> None:
        tasks = self._open.pop(partner)
        self._feeds.pop(partner, None)
        await end(tasks)
        log.info("partner.closed", partner=partner.name)


def _consumer(partner: Partner) -> str:
    return f"partner-{partner.name}"


async def _for_ever(loop: Callable[[], Awaitable[None]], partner: Partner) -> None:
    """What one partner brings about is no trouble of another's."""
    while True:
        try:
            await loop()
        except BusAway:
            log.warning("partner.unreached", partner=partner.name)
        except Exception as error:
            log.warning(
                "partner.failed", partner=partner.name, error_class=type(error).__qualname__
            )
        await asyncio.sleep(_REST_SECONDS)
