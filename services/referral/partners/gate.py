"""A partner's way in: its messages one by one, each answered before it is acknowledged."""

import asyncio

import structlog

from chassis.absence import BusAway
from chassis.accounts import Partner as Place
from chassis.bus import Bus, message
from chassis.database import Database
from chassis.heard import heard
from chassis.puller import Delivery, Puller
from services.referral.domain import Partner
from services.referral.partners.handling import Message, give_up, receive

DURABLE = "referral"
_CAP = 32
_ATTEMPTS = 5

log = structlog.get_logger()


class Gate:
    """One for each partner, with a queue of its own: a noisy partner waits for itself only."""

    def __init__(self, db: Database, bus: Bus, who: Partner) -> None:
        self._db, self._bus, self._who = db, bus, who
        self._place = Place(who.name, who.account)
        stream = self._place.inbound_stream
        self._puller = Puller(bus, stream, DURABLE, cap=_CAP, mend=self._provision)

    async def run(self) -> None:
        """Until cancelled."""
        await self._provision()
        await self._puller.start()
        try:
            while True:
                for delivery in await self._puller.batch():
                    await self._take(delivery)
        finally:
            await self._puller.stop()

    async def _provision(self) -> None:
        place = self._place
        await self._bus.jetstream.subscribe(place.inbound_stream, DURABLE, [place.inbound_subject])

    async def _take(self, delivery: Delivery) -> None:
        one = heard(delivery)
        said = Message(one.stream_seq, one.headers, one.data)
        try:
            if one.delivered > _ATTEMPTS:
                await give_up(self._db, self._who, said)
            else:
                await receive(self._db, self._who, said)
        except Exception as error:
            log.warning(
                "partner.postponed", partner=self._who.name, error_class=type(error).__qualname__
            )
            await self._say(one.reply, b'-NAK {"delay": 500000000}')
            await asyncio.sleep(0.1)
        else:
            await self._say(one.reply, b"+ACK")

    async def _say(self, reply: str, word: bytes) -> None:
        """A lost ack costs a repeat, which is known by its source and id."""
        try:
            await self._bus.write(message(reply, word))
        except BusAway:
            log.warning("partner.unacked", partner=self._who.name)
