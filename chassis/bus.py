"""The way to JetStream: one connection, its stream and consumers, and a lean path for batches."""

import asyncio
import json
import random
import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    ConsumerInfo,
    DeliverPolicy,
    DiscardPolicy,
    StreamConfig,
)
from nats.js.errors import BadRequestError, NotFoundError
from nats.js.manager import JetStreamManager

from chassis.papers import Papers
from chassis.refusal import Busy
from chassis.taps import Tap, Taps

STREAM = "HALCYON"
SUBJECTS = ("halcyon.*.events.>",)

_READERS = 8
"""So many may read at once: both replicas, by the clock and because somebody asks."""

log = structlog.get_logger()


def inbox_of(name: str) -> str:
    """Where answers to a service come in; where there are permits nobody else listens there."""
    return f"_INBOX_{name}"


def readers_of(name: str) -> Sequence[str]:
    """Names of readers of a service's own facts, of which it takes one that is free."""
    return [f"{name}-reading-{number}" for number in range(_READERS)]


def earlier_of(name: str) -> str:
    """The consumer of what was stated before a service began to hear it."""
    return f"{name}-earlier"


def hearing(durable: str, subjects: Iterable[str], ack_wait: float = 30) -> ConsumerConfig:
    """A consumer of a service of ours: it decides when a message is given up."""
    return ConsumerConfig(
        durable_name=durable,
        filter_subjects=sorted(subjects),
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ack_wait,
        max_deliver=-1,
        max_ack_pending=4096,
    )


class BusAway(Busy):
    """The broker cannot be reached: nothing was learned about the messages."""

    def __init__(self) -> None:
        super().__init__("BROKER_UNAVAILABLE", "The broker is out of reach; try again.")


class _Wire(Client):
    """nats-py for the connection; the chosen subscriptions skip its queues and parsers."""

    def __init__(self, papers: Papers | None) -> None:
        super().__init__()
        self._papers = papers
        self.taps: dict[int, Tap] = {}
        self._ps = Taps(self, self.taps)

    @property
    def ssl_context(self) -> ssl.SSLContext:
        """Papers as they are at this connection, which may be the hundredth."""
        return self._papers.dialling() if self._papers else super().ssl_context

    def _connect_command(self) -> bytes:
        """Who has papers says nothing, not even a name, to a broker that offers no TLS."""
        if self._papers and not _secured(self._transport):
            raise NatsError("nats: the broker offers no TLS")
        return super()._connect_command()

    async def _process_msg(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes
    ) -> None:
        tap = self.taps.get(sid)
        if tap is None:
            await super()._process_msg(sid, subject, reply, data, headers)
        else:
            tap(subject.decode(), reply.decode(), data, headers)


class Bus:
    """A connection that outlives its server, until it is closed for good."""

    def __init__(  # noqa: PLR0913
        self,
        url: str,
        name: str = "halcyon",
        *,
        credentials: Path | None = None,
        papers: Papers | None = None,
        ack_wait: float = 30,
        replicas: int = 1,
        binds: bool = False,
    ) -> None:
        """`url` may name the servers of a cluster, with commas between them.

        Who only binds finds streams and consumers, and makes none (chassis/streams.py does).
        """
        self._servers, self._name = url.split(","), name
        self._credentials = str(credentials) if credentials else None
        self._ack_wait, self._replicas, self._binds = ack_wait, replicas, binds
        self._papers = papers
        self._wire, self._tried = _Wire(papers), False
        self._unsaid: list[bytes] = []
        self._readers = cycle(random.sample(readers_of(name), _READERS))
        self.reading = asyncio.Lock()
        """Held by who reads: a server confuses a reader with one of its name just deleted."""
        self.closed = asyncio.Event()
        """Set when the client gave up for ever; the process must then end."""
        self.reconnected: list[Callable[[], None]] = []

    async def connect(self) -> None:
        """Connect and prove it: the client may report success too early."""
        wire = self._wire = _Wire(self._papers)
        self._tried = True
        try:
            async with asyncio.timeout(5):
                await wire.connect(
                    self._servers,
                    name=self._name,
                    user_credentials=self._credentials,
                    inbox_prefix=inbox_of(self._name),
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.2,  # type: ignore[arg-type]
                    ping_interval=5,
                    max_outstanding_pings=2,
                    error_cb=_complain,
                    closed_cb=self._on_closed,
                    reconnected_cb=self._on_reconnected,
                )
                await wire.flush()
        except (OSError, NatsError, TimeoutError) as error:
            await self._abandon(wire)
            raise BusAway from error
        if not wire.is_connected:
            await self._abandon(wire)
            raise BusAway

    async def provision(self, name: str = STREAM, subjects: Sequence[str] = SUBJECTS) -> None:
        """The stream, if it is not there: kept by limits, refusing rather than forgetting."""
        manager = self._wire.jsm()
        with answered():
            try:
                await manager.stream_info(name)
            except NotFoundError:
                if self._binds:
                    raise
                await manager.add_stream(
                    StreamConfig(
                        name=name,
                        subjects=list(subjects),
                        discard=DiscardPolicy.NEW,
                        max_age=30 * 24 * 3600,
                        duplicate_window=120,
                        allow_atomic=True,
                        num_replicas=self._replicas,
                    )
                )

    async def subscribe_durably(self, stream: str, durable: str, subjects: Iterable[str]) -> None:
        """The durable consumer of these subjects."""
        with answered():
            if self._binds:
                await self._wire.jsm().consumer_info(stream, durable)
                return
            config = hearing(durable, subjects, self._ack_wait)
            await self._wire.jsm().add_consumer(stream, config)

    async def reader(self, stream: str, config: ConsumerConfig) -> ConsumerInfo:
        """A reader of what `config` says, under the name of ours that was free for longest."""
        for name in islice(self._readers, _READERS):
            subject = f"$JS.API.CONSUMER.CREATE.{stream}.{name}.{config.filter_subject}"
            chosen = config.evolve(name=name, description=self.inbox()).as_dict()
            wanted = {"stream_name": stream, "config": chosen, "action": "create"}
            with suppress(BadRequestError):
                made = await self._wire.jsm()._api_request(subject, json.dumps(wanted).encode(), 5)
                return ConsumerInfo.from_response(made)  # type: ignore[no-any-return]
        raise BusAway

    async def begin_anew(self, stream: str, durable: str) -> None:
        """Whoever reads by this consumer reads everything again; one that is gone reads nothing."""
        manager = self._wire.jsm()
        with answered(), suppress(NotFoundError):
            if self._binds:
                subject = f"$JS.API.CONSUMER.RESET.{stream}.{durable}"
                await manager._api_request(subject, b'{"seq": 1}', timeout=5)
            else:
                await manager.delete_consumer(stream, durable)

    async def store(self, subject: str, data: bytes, headers: dict[str, str]) -> None:
        """Publish one message and wait until a stream holds it."""
        try:
            await self._wire.jetstream().publish(subject, data, headers=headers, timeout=5)
        except (OSError, NatsError, TimeoutError) as error:
            raise BusAway from error

    async def unread(self, stream: str, durable: str) -> int:
        """How much a durable consumer has yet to read or to acknowledge."""
        try:
            found = await self._wire.jsm().consumer_info(stream, durable)
        except (OSError, NatsError, TimeoutError) as error:
            raise BusAway from error
        return (found.num_pending or 0) + (found.num_ack_pending or 0)

    async def held(self, stream: str) -> int:
        """How many messages a stream holds."""
        try:
            return int((await self._wire.jsm().stream_info(stream)).state.messages)
        except (OSError, NatsError, TimeoutError) as error:
            raise BusAway from error

    async def tap(self, subject: str, tap: Tap) -> int:
        """Give every message of a subject straight to a function."""
        subscription = await self._wire.subscribe(subject)
        sid: int = subscription._id
        self._wire.taps[sid] = tap
        return sid

    async def untap(self, sid: int) -> None:
        """Stop listening."""
        self._wire.taps.pop(sid, None)
        if subscription := self._wire._subs.get(sid):
            await subscription.unsubscribe()

    def manager(self) -> JetStreamManager:
        """Streams and consumers, looked at and made."""
        return self._wire.jsm()

    def inbox(self) -> str:
        """A fresh reply subject."""
        return self._wire.new_inbox()

    @property
    def alive(self) -> bool:
        """Whether there is a server at the other end just now."""
        return self._wire.is_connected

    def say(self, commands: bytes) -> None:
        """Protocol lines for the wire; what is said in one turn of the loop leaves together."""
        if not self._wire.is_connected:
            raise BusAway
        if not self._unsaid:
            asyncio.get_running_loop().call_soon(self._speak)
        self._unsaid.append(commands)

    def _speak(self) -> None:
        """Behind what the client has yet to send; a lost line is as one that went away with it."""
        wire, commands, self._unsaid = self._wire, self._unsaid, []
        transport: Any = wire._transport
        if commands and wire.is_connected and transport:
            waiting, wire._pending, wire._pending_data_size = wire._pending, [], 0
            transport.writelines([*waiting, *commands])

    async def write(self, commands: bytes) -> None:
        """Say it, and wait while the wire is choked."""
        self.say(commands)
        transport: Any = self._wire._transport
        try:
            await transport.drain()
        except OSError as error:
            raise BusAway from error

    async def flush(self) -> None:
        """Wait until the server has read what was written."""
        self._speak()
        try:
            await self._wire.flush(5)
        except (OSError, NatsError, TimeoutError) as error:
            raise BusAway from error

    async def close(self) -> None:
        """Say goodbye, to whoever was ever called; this end is not news."""
        if self._tried:
            self._speak()
            await self._abandon(self._wire)

    async def _abandon(self, wire: _Wire) -> None:
        wire._closed_cb = None
        if not wire.is_closed:
            await wire.close()

    async def _on_closed(self) -> None:
        self.closed.set()

    async def _on_reconnected(self) -> None:
        for tell in self.reconnected:
            tell()


@contextmanager
def answered() -> Iterator[None]:
    """A cluster that has no leader yet, or an answer that does not come, is an absent broker."""
    try:
        yield
    except (NatsError, TimeoutError) as error:
        raise BusAway from error


def _secured(transport: Any) -> bool:
    return transport._io_writer.get_extra_info("ssl_object") is not None


async def _complain(error: Exception) -> None:
    log.warning("bus.error", error_class=type(error).__qualname__)


def publication(subject: str, reply: str, headers: bytes, data: bytes) -> bytes:
    """One HPUB, ready for the wire."""
    size = len(headers)
    line = f"HPUB {subject} {reply} {size} {size + len(data)}\r\n".encode()
    return b"".join((line, headers, data, b"\r\n"))


def message(subject: str, data: bytes, reply: str = "") -> bytes:
    """One PUB, ready for the wire."""
    return f"PUB {subject} {reply} {len(data)}\r\n".encode() + data + b"\r\n"
