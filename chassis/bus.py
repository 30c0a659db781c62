"""The way to JetStream: one connection, and a lean path for batches."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError

from chassis.absence import BusAway, answered
from chassis.consumers import inbox_of
from chassis.jetstream import JetStream
from chassis.papers import Papers
from chassis.taps import Tap, Taps

log = structlog.get_logger()


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
        """`url` may name the servers of a cluster, with commas between them."""
        self._servers, self._name = url.split(","), name
        self._credentials = str(credentials) if credentials else None
        self._papers = papers
        self._wire, self._tried = _Wire(papers), False
        self._unsaid: list[bytes] = []
        self.jetstream = JetStream(
            lambda: self._wire, name, ack_wait=ack_wait, replicas=replicas, binds=binds
        )
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
        except (OSError, NatsError) as error:
            await self._abandon(wire)
            raise BusAway from error
        if not wire.is_connected:
            await self._abandon(wire)
            raise BusAway

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
        with answered():
            await transport.drain()

    async def flush(self) -> None:
        """Wait until the server has read what was written."""
        self._speak()
        with answered():
            await self._wire.flush(5)

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
