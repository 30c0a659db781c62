"""What the stream carries of ours, a window at a time, read by the headers alone."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from chassis.absence import BusAway, answered
from chassis.bus import Bus, message
from chassis.watermark import Place

_STALL = 10.0
_IDLE = 30.0
_NO_MORE = re.compile(rb"NATS/1\.0 40[48]")
_MSG_ID = re.compile(rb"Nats-Msg-Id: *([^\r\n]+)\r\n")


class Window(NamedTuple):
    """Some of our facts, in the order of the stream, and when it took the last of them."""

    places: list[Place]
    until: datetime


async def windows(
    bus: Bus, stream: str, subject: str, size: int, start: int = 1
) -> AsyncGenerator[Window]:
    """All that the stream holds of a subject when we begin, from a place on; one after another."""
    with answered():
        async with bus.reading, aclosing(_windows(bus, stream, subject, size, start)) as found:
            async for window in found:
                yield window


async def _windows(
    bus: Bus, stream: str, subject: str, size: int, start: int
) -> AsyncGenerator[Window]:
    reading, inbox = _Reading(), bus.inbox()
    tapped = await bus.tap(inbox, reading.take)
    try:
        left, consumer = await _begin(bus, stream, subject, start)
        while left > 0:
            await _ask(bus, f"{stream}.{consumer}", min(size, left), inbox, reading)
            if reading.lost:
                raise BusAway
            if not reading.count:
                break
            yield Window(reading.places, reading.until)
            left -= reading.count
        await bus.jetstream.manager().delete_consumer(stream, consumer)
    finally:
        with suppress(NatsError):
            await bus.untap(tapped)


async def _begin(bus: Bus, stream: str, subject: str, start: int) -> tuple[int, str]:
    """A consumer of our own that needs no acks, and how much it will give."""
    config = ConsumerConfig(
        filter_subject=subject,
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=start,
        ack_policy=AckPolicy.NONE,
        headers_only=True,
        inactive_threshold=_IDLE,
    )
    made = await bus.jetstream.reader(stream, config)
    return int(made.num_pending or 0), made.name


async def _ask(bus: Bus, consumer: str, count: int, inbox: str, reading: "_Reading") -> None:
    """One pull, waited for until it is whole or the server says that there is no more."""
    reading.begin(count)
    wanted = json.dumps({"batch": count, "no_wait": True}).encode()
    await bus.write(message(f"$JS.API.CONSUMER.MSG.NEXT.{consumer}", wanted, inbox))
    while not reading.whole:
        reading.news.clear()
        async with asyncio.timeout(_STALL):
            await reading.news.wait()


class _Reading:
    """The window that is arriving."""

    def __init__(self) -> None:
        self.news = asyncio.Event()
        self.begin(0)

    def begin(self, count: int) -> None:
        self.places: list[Place] = []
        self.until = datetime.min.replace(tzinfo=UTC)
        self.count, self._asked, self._ended = 0, count, False
        self.lost = False
        """Whether the consumer went while we read: what did not come may be there all the same."""

    @property
    def whole(self) -> bool:
        return self._ended or self.count >= self._asked

    def take(self, _: str, reply: str, __: bytes, headers: bytes | None) -> None:
        """A message has its place in its reply subject; a status has none."""
        tokens = reply.split(".")
        if len(tokens) < 9:
            self._ended = True
            self.lost = bool(headers and _NO_MORE.match(headers) is None)
        else:
            self.count += 1
            at = 7 if len(tokens) > 9 else 5
            seq, taken = int(tokens[at]), int(tokens[at + 2])
            self.until = datetime.fromtimestamp(taken / 1e9, UTC)
            if named := _MSG_ID.search(headers or b""):
                self.places.append(Place(seq, UUID(named[1].decode())))
        self.news.set()
