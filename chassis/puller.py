"""Messages of one durable consumer: a pull is always outstanding, a batch is what is there."""

import asyncio
import json
import random
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import NamedTuple

import structlog

from chassis.absence import BusAway
from chassis.bus import Bus, message
from chassis.gathering import Gathering
from chassis.rhythm import Rhythm

_HEARTBEAT = 2.0
_PATIENCE = 2 * _HEARTBEAT + 0.5
_DOUBT = 0.25
_EXPIRES = 30.0
_NANO = 1_000_000_000

log = structlog.get_logger()


class Delivery(NamedTuple):
    """One message as it came off the wire."""

    subject: str
    reply: str
    data: bytes
    headers: bytes | None


class Puller:
    """Credit is what the server may still send us; a silent server loses its credit."""

    def __init__(  # noqa: PLR0913
        self,
        bus: Bus,
        stream: str,
        consumer: str,
        *,
        cap: int,
        unhurried: Collection[str] = (),
        mend: Callable[[], Awaitable[None]],
    ) -> None:
        self._bus, self._cap, self._mend = bus, cap, mend
        self._rhythm = Rhythm()
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._inbox = bus.inbox()
        self._arrived: deque[Delivery] = deque()
        self._unhurried = frozenset(unhurried)
        self._gathering = Gathering(self._take, cap)
        self._news = asyncio.Event()
        self._credit = self._pull = self._oldest = 0
        self._faults = 0
        self._patience = _PATIENCE

    async def start(self) -> None:
        """Listen before asking."""
        self._tapped = await self._bus.tap(f"{self._inbox}.*", self._on_message)
        self._bus.reconnected.append(self._forget)

    async def stop(self) -> None:
        """Listen no more: the server then drops the pull that is outstanding."""
        self._bus.reconnected.remove(self._forget)
        await self._bus.untap(self._tapped)

    async def batch(self) -> list[Delivery]:
        """Wait for the first message, then take all that has arrived, up to the cap."""
        self._rhythm.end()
        while not self._arrived:
            await self._top_up()
            if not self._arrived:
                await self._wait()
        if len(self._arrived) < self._cap:
            await self._rhythm.pause()
        arrived = self._arrived
        taken = [arrived.popleft() for _ in range(min(len(arrived), self._cap))]
        self._rhythm.begin(len(taken))
        if self._bus.alive:
            await self._top_up()
        return taken

    async def _top_up(self) -> None:
        """Ask for more while little is on its way or at hand."""
        at_hand = len(self._arrived) + len(self._gathering)
        if self._credit + at_hand >= self._cap:
            return
        if self._faults:
            await self._recover()
        asked = 2 * self._cap - self._credit - at_hand
        self._pull += 1
        wanted = {
            "batch": asked,
            "expires": int(_EXPIRES * _NANO),
            "idle_heartbeat": int(_HEARTBEAT * _NANO),
        }
        try:
            reply = f"{self._inbox}.{self._pull}"
            self._credit += asked
            self._bus.say(message(self._next, json.dumps(wanted).encode(), reply))
        except BusAway:
            self._credit, self._faults = 0, self._faults + 1

    async def _wait(self) -> None:
        """Silence for longer than two heartbeats means that the pull is lost.

        A server that has just come back drops pulls without a word: at first we doubt sooner.
        """
        self._news.clear()
        silence = asyncio.get_running_loop().call_later(self._patience, self._doubt)
        try:
            await self._news.wait()
        finally:
            silence.cancel()

    def _doubt(self) -> None:
        doubt = min(2 * self._patience, _PATIENCE)
        self._faults += self._patience == _PATIENCE
        self._forget()
        self._patience = doubt

    async def _recover(self) -> None:
        """Back off, and see that the consumer is still there."""
        await asyncio.sleep(min(2.0, 0.05 * 2**self._faults) * random.uniform(0.5, 1))  # noqa: S311
        if self._bus.alive and self._faults > 2:
            try:
                await self._mend()
            except Exception as error:
                log.warning("puller.unmended", error_class=type(error).__qualname__)

    def _forget(self) -> None:
        """Pulls made so far are void: their statuses are stale from now on."""
        self._credit, self._oldest, self._patience = 0, self._pull + 1, _DOUBT
        self._news.set()

    def _on_message(self, subject: str, reply: str, data: bytes, headers: bytes | None) -> None:
        if subject.startswith(self._inbox):
            self._on_status(int(subject.rpartition(".")[2]), headers or b"")
            return
        delivery = Delivery(subject, reply, data, headers)
        self._credit = max(0, self._credit - 1)
        self._faults, self._patience = 0, _PATIENCE
        if subject in self._unhurried:
            self._gathering.add(delivery)
        else:
            self._take((delivery,))

    def _take(self, deliveries: Iterable[Delivery]) -> None:
        self._arrived.extend(deliveries)
        self._news.set()

    def _on_status(self, pull: int, headers: bytes) -> None:
        """100 is a heartbeat, 408 an ordinary end; anything else is a reason to back off."""
        status = headers[9:12]
        if pull < self._oldest:
            return
        if status == b"100":
            self._faults, self._patience = 0, _PATIENCE
        else:
            if status not in (b"408", b"404"):
                self._faults += 1
                log.warning("puller.status", status=status.decode())
            self._credit = max(0, self._credit - _undelivered(headers, self._credit))
        self._news.set()


def _undelivered(headers: bytes, unknown: int) -> int:
    """How many messages of an ended pull never came; all of them when it does not say."""
    _, found, rest = headers.partition(b"Nats-Pending-Messages: ")
    return int(rest.partition(b"\r\n")[0]) if found else unknown
