"""Where partners come in: for each of them a gate and a feed, as long as this process lives."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from chassis import telemetry
from chassis.bus import Bus, BusAway
from chassis.config import Settings
from chassis.database import Database
from chassis.telemetry import Measured
from services.referral import store
from services.referral.domain import Partner
from services.referral.partners.feed import Feed
from services.referral.partners.gate import Gate

_LOOK_SECONDS = 0.5
_REST_SECONDS = 1.0

log = structlog.get_logger()


async def tend(db: Database) -> None:
    """Until cancelled; a network without partners pays one look at a small table."""
    settings = Settings()
    bus = Bus(settings.nats_url, "referral-partners", credentials=settings.nats_credentials)
    try:
        await Reception(db, bus).run()
    finally:
        await bus.close()


class Reception:
    """Opens for whom the table names, and opens anew for whom it names otherwise than before."""

    def __init__(self, db: Database, bus: Bus) -> None:
        self._db, self._bus = db, bus
        self._open: dict[Partner, list[asyncio.Task[None]]] = {}
        self._feeds: dict[Partner, Feed] = {}
        self._connected = False
        telemetry.observe("halcyon.partner.backlog", self.backlog)

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
        except Exception as error:
            log.warning("partners.unseen", error_class=type(error).__qualname__)
            return
        for partner in set(self._open) - known:
            await self._close(partner)
        for partner in known - set(self._open):
            self._admit(partner)

    def _admit(self, partner: Partner) -> None:
        feed = self._feeds[partner] = Feed(self._db, self._bus, partner)
        gate = Gate(self._db, self._bus, partner)
        loops = (gate.run, feed.run)
        self._open[partner] = [asyncio.create_task(_for_ever(loop, partner)) for loop in loops]
        log.info("partner.open", partner=partner.name)

    async def _close(self, partner: Partner) -> None:
        tasks = self._open.pop(partner)
        self._feeds.pop(partner, None)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


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
