"""From the stream to the handlers: commit, then ack; park what can never work, retry the rest."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from time import perf_counter

import structlog
from tenacity import (
    AsyncRetrying,
    RetryError,
    retry_if_exception_type,
    stop_after_delay,
    wait_random,
)

from chassis import parking, telemetry
from chassis.absence import BusAway
from chassis.attempts import LOST, Attempts
from chassis.bus import Bus, message
from chassis.consumers import STREAM
from chassis.database import Database
from chassis.failpoints import failpoint
from chassis.handling import handle, handle_in
from chassis.heard import Heard, heard
from chassis.mishaps import DatabaseAway
from chassis.names import Attributes
from chassis.pauses import Pauses
from chassis.puller import Delivery, Puller
from chassis.refusal import Reject
from chassis.subscriptions import Subscriptions

log = structlog.get_logger()


class Consumer:
    """Takes what is waiting as one batch; a batch that fails is handled one by one."""

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        name: str,
        on: Subscriptions,
        db: Database,
        bus: Bus,
        batch: int = 64,
        max_deliver: int = 5,
        stream: str = STREAM,
        pauses: Pauses | None = None,
    ) -> None:
        self._name, self._on, self._db, self._bus = name, on, db, bus
        self._max_deliver, self._stream = max_deliver, stream
        self._puller = Puller(
            bus, stream, name, cap=batch, mend=self.provision, unhurried=on.unhurried
        )
        self._attempts = Attempts(db, max_deliver)
        self._pauses = pauses or Pauses(db, name)
        self._stopped, self._pulling = False, asyncio.timeout(None)

    async def provision(self) -> None:
        """The durable consumer, made or brought up to date."""
        await self._bus.jetstream.subscribe(self._stream, self._name, self._on.subjects)

    async def run(self) -> None:
        """Until stopped; the batch in hand is always finished."""
        await self._puller.start()
        while not self._stopped:
            try:
                async with asyncio.timeout(None) as self._pulling:
                    batch = await self._pull()
            except TimeoutError:
                break
            await self.deliver(batch)

    async def _pull(self) -> list[Delivery]:
        """Nothing is taken while everything is paused: it waits in the stream."""
        await self._pauses.open.wait()
        batch = await self._puller.batch()
        await self._pauses.open.wait()
        return batch

    def stop(self) -> None:
        """Take no more; whoever is not waiting just now sees it before the next pull."""
        self._stopped = True
        with suppress(RuntimeError):
            self._pulling.reschedule(0)

    async def deliver(self, deliveries: Sequence[Delivery]) -> None:
        """Together those that never failed; alone those that are hard to handle."""
        batch: list[Heard] = []
        alone: list[Heard] = []
        held: list[tuple[Heard, str]] = []
        for one in map(heard, deliveries):
            try:
                one.understand(self._on)
            except Exception as error:
                await self._park(one, type(error).__qualname__)
                continue
            if self._pauses.active and (pause := self._pauses.over(one)):
                held.append((one, pause))
            else:
                (alone if self._attempts.suspects(one) else batch).append(one)
        if held:
            await self._hold(held)
        if batch and not await self._handled_together(batch):
            alone = batch + alone
        for index, one in enumerate(alone):
            if not await self._handled_alone(one):
                await self._postpone(alone[index:])
                return

    async def _handled_together(self, batch: list[Heard]) -> bool:
        """False when something in it failed and nothing of it was kept."""
        began = perf_counter()
        try:
            await handle(batch, self._db, self._name)
        except DatabaseAway:
            await self._postpone(batch)
            return True
        except Exception as error:
            log.info("batch.split", messages=len(batch), error_class=type(error).__qualname__)
            return False
        failpoint("after-commit-before-ack")
        about: Attributes = {"messaging.consumer.group.name": self._name}
        telemetry.record("messaging.process.duration", perf_counter() - began, about)
        telemetry.record("messaging.client.consumed.messages", len(batch), about)
        await self._answer(batch, b"+ACK")
        return True

    async def _handled_alone(self, one: Heard) -> bool:
        """False only when the database is away: nobody is guilty of that."""
        try:
            if self._attempts.suspects(one) and not await self._attempts.begin(one):
                await self._park(one, LOST, self._max_deliver)
                return True
            async with self._db.transaction() as tx:
                await handle_in(tx, [one], self._name)
                if self._attempts.suspects(one):
                    await self._attempts.forget(tx, one)
        except DatabaseAway:
            return False
        except Exception as error:
            return await self._blame(one, error)
        failpoint("after-commit-before-ack")
        self._attempts.settled(one)
        await self._answer([one], b"+ACK")
        return True

    async def _blame(self, one: Heard, error: Exception) -> bool:
        """False when not even that could be written down: then the fact is not to blame."""
        seconds = _patience(min(one.delivered, self._max_deliver))
        kind = type(error).__qualname__
        try:
            attempts = await self._attempts.failed(one, kind, seconds)
        except Exception:
            return False
        if isinstance(error, Reject) or attempts >= self._max_deliver:
            await self._park(one, kind, attempts)
            return True
        about = {"event_id": str(one.event_id), "error_class": kind}
        log.warning("fact.failed", subject=one.subject, attempts=attempts, **about)
        await self._answer([one], _later(seconds))
        return True

    async def _hold(self, held: list[tuple[Heard, str]]) -> None:
        """What is paused is kept in our own place: behind it the stream goes on."""
        ones = [one for one, _ in held]
        try:
            async with self._db.transaction() as tx:
                await parking.hold(tx, held)
        except Exception:
            await self._postpone(ones)
            return
        await self._answer(ones, b"+ACK")

    async def _park(self, one: Heard, error_class: str, attempts: int = 1) -> None:
        about = {"event_id": str(one.parking_id), "error_class": error_class}
        try:
            async with self._db.transaction() as tx:
                await parking.park(tx, one, error_class, attempts)
                await self._attempts.forget(tx, one)
        except Exception:
            await self._postpone([one])
            return
        self._attempts.settled(one)
        log.error("fact.parked", subject=one.subject, attempts=attempts, **about)
        await self._answer([one], b"+TERM parked")

    async def _postpone(self, batch: Sequence[Heard]) -> None:
        """The database is away: give them back for later, and rest a little ourselves."""
        log.warning("consumer.postponed", messages=len(batch))
        await self._answer(batch, _later(_patience(2)))
        await asyncio.sleep(random.uniform(0.3, 0.7))  # noqa: S311

    async def _answer(self, batch: Sequence[Heard], answer: bytes) -> None:
        """A late ack is accepted; one that is lost costs a repeat, which the inbox passes over."""
        answers = b"".join([message(one.reply, answer) for one in batch])
        try:
            self._bus.say(answers)
        except BusAway:
            await self._insist(answers, len(batch))

    async def _insist(self, answers: bytes, messages: int) -> None:
        attempts = AsyncRetrying(
            stop=stop_after_delay(5),
            wait=wait_random(0.05, 0.15),
            retry=retry_if_exception_type(BusAway),
        )
        try:
            await attempts(self._bus.write, answers)
        except RetryError:
            log.warning("consumer.unacked", messages=messages)


def _patience(attempts: int) -> float:
    """Exponential with jitter, between a quarter of a second and half a minute."""
    return float(min(30.0, 0.25 * 2**attempts) * random.uniform(0.5, 1))  # noqa: S311


def _later(seconds: float) -> bytes:
    return b'-NAK {"delay": %d}' % int(seconds * 1e9)
