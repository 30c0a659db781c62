"""A service that begins to hear another fact hears what was stated of it before, too.

A durable consumer that is widened goes on from where it is. What was stated earlier of the new
facts comes through a consumer of its own, which only versions that know them ask.
"""

import asyncio
from collections.abc import Collection
from contextlib import suppress

import structlog
from nats.js.errors import NotFoundError

from chassis.absence import BusAway, answered
from chassis.bus import Bus
from chassis.consumer import Consumer
from chassis.consumers import STREAM, earlier_of

_OFTEN = 1.0

log = structlog.get_logger()


class Earlier(Consumer):
    """Handles as the service's own consumer does."""

    async def provision(self) -> None:
        """It is not made anew: when it is gone, another replica has heard all of it."""


class CatchingUp:
    """Beside the service's consumer, until nothing earlier is left; a restart goes on with it.

    Where services only bind, the deploy step prepares it, and the service finds what is prepared.
    """

    def __init__(self, bus: Bus, name: str, stream: str = STREAM) -> None:
        self._bus, self._name, self._stream = bus, name, stream
        self.durable = earlier_of(name)

    async def prepare(self, subjects: Collection[str]) -> bool:
        """Whether there is anything; asked before the service's own consumer is widened."""
        known = await self._heard_by(self._name)
        begun = await self._heard_by(self.durable)
        new = set(subjects) - known if known is not None else set()
        if new - (begun or set()):
            await self._forget()
            await self._bus.jetstream.subscribe(self._stream, self.durable, new | (begun or set()))
            log.info("earlier.sought", subjects=sorted(new))
        return bool(new or begun)

    async def run(self, consumer: Earlier) -> None:
        """Until all of it is settled, here or in another replica."""
        running = asyncio.create_task(consumer.run())
        try:
            while not running.done() and await self._left():
                await asyncio.wait({running}, timeout=_OFTEN)
        finally:
            consumer.stop()
            await running
        with suppress(BusAway):
            await self._forget()
        log.info("earlier.heard")

    async def _left(self) -> bool:
        try:
            return await self._bus.jetstream.unread(self._stream, self.durable) > 0
        except BusAway as away:
            return not isinstance(away.__cause__, NotFoundError)

    async def _heard_by(self, durable: str) -> set[str] | None:
        """None when there is no such consumer."""
        with answered(), suppress(NotFoundError):
            found = await self._bus.jetstream.manager().consumer_info(self._stream, durable)
            heard = found.config
            return set(heard.filter_subjects or [heard.filter_subject or ""])
        return None

    async def _forget(self) -> None:
        with answered(), suppress(NotFoundError):
            await self._bus.jetstream.manager().delete_consumer(self._stream, self.durable)
