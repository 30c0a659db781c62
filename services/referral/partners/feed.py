"""A partner's way out: what it has yet to be told, in order, published and then noted as told."""

import asyncio
from uuid import uuid4

import structlog

from chassis.absence import BusAway
from chassis.accounts import Partner as Place
from chassis.bus import Bus
from chassis.database import Database
from services.referral import store
from services.referral.domain import Partner
from services.referral.partners import saying

POLL_SECONDS = 0.5
"""What another replica committed is told this late at most."""
PAUSE_SECONDS = 0.05
_LOOK_SECONDS = 5.0

log = structlog.get_logger()


class Feed:
    """Follows the history of the partner's referrals; the history itself is the queue."""

    def __init__(self, db: Database, bus: Bus, who: Partner) -> None:
        self._db, self._bus, self._who = db, bus, who
        self._place = Place(who.name, who.account)
        self._feeder = uuid4()
        self._committed = asyncio.Event()
        self._looked = 0.0
        self.backlog = 0
        """What the partner has yet to read."""
        self._listen = lambda _: self._committed.set()

    async def run(self) -> None:
        """Until cancelled."""
        self._db.committed.append(self._listen)
        try:
            while True:
                self._committed.clear()
                if not await self.tell():
                    await self._wait()
        finally:
            self._db.committed.remove(self._listen)

    async def tell(self) -> bool:
        """One portion; whether there was anything to tell."""
        if not await store.lease(self._db, self._who.name, self._feeder):
            return False
        untold = await store.untold(self._db, self._who.name)
        if not untold:
            return False
        named = await store.named(self._db, self._who, untold.steps)
        answers, steps = [], []
        try:
            for answer_id, data in untold.answers:
                await self._publish(saying.answer(self._who, answer_id, data))
                answers.append(answer_id)
            for step in untold.steps:
                person = named.get(step.line.referral_id)
                await self._publish(saying.news(self._who, step, person))
                steps.append(step)
        finally:
            await store.told(self._db, self._who.name, answers, steps)
        return True

    async def _publish(self, said: saying.Saying) -> None:
        await self._bus.jetstream.store(self._place.feed_subject, said.data, dict(said.headers))

    async def _wait(self) -> None:
        await self._look()
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._committed.wait()
        except TimeoutError:
            return
        await asyncio.sleep(PAUSE_SECONDS)

    async def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        place = self._place
        try:
            self.backlog = await self._bus.jetstream.unread(place.feed_stream, place.account)
        except BusAway:
            log.warning("partner.unseen", partner=self._who.name)
