"""A lean NATS client: one connection, a batch puller and a batch publisher for JetStream."""

import asyncio
import json
import os
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from chassis.claims import proof, read_credentials

Hear = Callable[[bytes, bytes, bytes, bytes], None]
"""subject, reply, headers, body"""

ATOMIC_FROM = int(os.environ.get("FLOOR_ATOMIC_FROM", "16"))
_MSG_ID = b"Nats-Msg-Id:"
_NOTHING = b""


class Fact(NamedTuple):
    """Something to publish; the id is what the broker and the inbox know it by."""

    id: str
    subject: str
    body: bytes


class Heard(NamedTuple):
    """Something pulled."""

    id: str
    body: bytes
    reply: bytes


class Bus(asyncio.Protocol):
    """The NATS protocol and nothing else; a lost connection ends the process."""

    def __init__(self) -> None:
        self._rest = b""
        self._closing = False
        self._out: list[bytes] = []
        self._hear: dict[bytes, Hear] = {}
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self.nonce: asyncio.Future[str] = self._loop.create_future()
        self.inbox = f"_INBOX.{os.urandom(8).hex()}"

    @classmethod
    async def connect(cls, url: str, credentials: Path) -> "Bus":
        where = urlsplit(url)
        host, port = where.hostname or "127.0.0.1", where.port or 4222
        _, bus = await asyncio.get_running_loop().create_connection(cls, host, port)
        jwt, seed = read_credentials(credentials.read_text())  # noqa: ASYNC240
        hello = {"verbose": False, "pedantic": False, "headers": True, "no_responders": True}
        signed = {"jwt": jwt, "sig": proof(seed, await bus.nonce)}
        bus.send(b"CONNECT %b\r\n" % json.dumps(hello | signed).encode())
        return bus

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._closing:
            print(f"the bus is gone: {exc}", file=sys.stderr, flush=True)
            os._exit(70)

    def close(self) -> None:
        self._closing = True
        if self._transport is not None:
            self._transport.close()

    def subscribe(self, subject: str, hear: Hear) -> None:
        sid = b"%d" % (len(self._hear) + 1)
        self._hear[sid] = hear
        self.send(b"SUB %b %b\r\n" % (subject.encode(), sid))

    def send(self, data: bytes) -> None:
        """Everything said in one turn of the loop goes out in one write."""
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(data)

    def _flush(self) -> None:
        assert self._transport is not None
        self._transport.write(b"".join(self._out))
        self._out.clear()

    def data_received(self, data: bytes) -> None:
        buffer = self._rest + data if self._rest else data
        at = 0
        while (eol := buffer.find(b"\r\n", at)) >= 0:
            stop = self._one(buffer, at, eol)
            if stop == 0:
                break
            at = stop
        self._rest = buffer[at:]

    def _one(self, buffer: bytes, at: int, eol: int) -> int:
        """Take one protocol message; answer where the next begins, or 0 when it is not all here."""
        kind = buffer[at]
        if kind in b"HM":
            return self._message(buffer, buffer[at:eol].split(), eol + 2, kind == b"H"[0])
        if kind == b"P"[0] and buffer[at + 1] == b"I"[0]:
            self.send(b"PONG\r\n")
        elif kind == b"I"[0] and not self.nonce.done():
            self.nonce.set_result(json.loads(buffer[at + 5 : eol])["nonce"])
        elif kind == b"-"[0]:
            raise ConnectionError(buffer[at:eol].decode())
        return eol + 2

    def _message(self, buffer: bytes, words: list[bytes], at: int, headed: bool) -> int:
        end = at + int(words[-1])
        if end + 2 > len(buffer):
            return 0
        body = at + int(words[-2]) if headed else at
        reply = words[3] if len(words) == 5 + headed else _NOTHING
        self._hear[words[2]](words[1], reply, buffer[at:body], buffer[body:end])
        return end + 2


class Puller:
    """Messages of one consumer, some pulls ahead, in batches of what is there."""

    def __init__(self, bus: Bus, stream: str, consumer: str, ahead: int = 512) -> None:
        self._bus, self._ahead, self._asked = bus, ahead, 0
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._inbox = f"{bus.inbox}.pull.{consumer}"
        self._waiting: deque[Heard] = deque()
        self._some = asyncio.Event()
        bus.subscribe(self._inbox, self._hear)
        self._ask()

    async def batch(self, cap: int) -> list[Heard]:
        """At least one message, at most `cap`, without waiting for more."""
        while not self._waiting:
            self._some.clear()
            await self._some.wait()
        return [self._waiting.popleft() for _ in range(min(cap, len(self._waiting)))]

    def ack(self, messages: Sequence[Heard]) -> None:
        self._bus.send(b"".join([b"PUB %b 4\r\n+ACK\r\n" % each.reply for each in messages]))

    def _ask(self) -> None:
        want = self._ahead - self._asked
        self._asked += want
        body = b'{"batch":%d,"expires":30000000000}' % want
        asked = (self._next.encode(), self._inbox.encode(), len(body), body)
        self._bus.send(b"PUB %b %b %d\r\n%b\r\n" % asked)

    def _hear(self, _subject: bytes, reply: bytes, headers: bytes, body: bytes) -> None:
        if not reply:
            self._status(headers)
            return
        self._asked -= 1
        start = headers.index(_MSG_ID) + len(_MSG_ID)
        event = headers[start : headers.index(b"\r\n", start)].strip().decode()
        self._waiting.append(Heard(event, body, reply))
        self._some.set()
        if self._asked * 2 < self._ahead:
            self._ask()

    def _status(self, headers: bytes) -> None:
        """A pull ended; what it did not deliver may be asked for again."""
        found = headers.partition(b"Nats-Pending-Messages:")[2].split(b"\r\n")[0]
        self._asked -= int(found) if found else self._asked
        asyncio.get_running_loop().call_later(0 if found else 0.2, self._ask)


class Publisher:
    """Acknowledged publishes: a few pipelined, many as one atomic batch (one fsync)."""

    def __init__(self, bus: Bus) -> None:
        self._bus, self._count = bus, 0
        self._inbox = f"{bus.inbox}.ack"
        self._open: dict[bytes, tuple[asyncio.Future[None], set[bytes]]] = {}
        bus.subscribe(f"{self._inbox}.>", self._hear)

    async def publish(self, facts: Sequence[Fact]) -> None:
        """Return when the broker has them all; the same facts may be published again."""
        for start in range(0, len(facts), 500):
            part = facts[start : start + 500]
            try:
                await asyncio.wait_for(self._send(part, len(part) >= ATOMIC_FROM), 5)
            except (TimeoutError, Refused):
                await asyncio.wait_for(self._send(part, False), 30)

    def _send(self, facts: Sequence[Fact], atomic: bool) -> asyncio.Future[None]:
        self._count += 1
        name = b"%d" % self._count
        last = len(facts)
        awaited = {b"%d" % last} if atomic else {b"%d" % n for n in range(1, last + 1)}
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open[name] = (done, awaited)
        lines = self._atomic(facts, name) if atomic else self._single(facts, name)
        self._bus.send(b"".join(lines))
        return done

    def _single(self, facts: Sequence[Fact], name: bytes) -> list[bytes]:
        reply = b"%b.%b." % (self._inbox.encode(), name)
        return [
            _hpub(fact, b"%b%d" % (reply, number), _NOTHING) for number, fact in enumerate(facts, 1)
        ]

    def _atomic(self, facts: Sequence[Fact], name: bytes) -> list[bytes]:
        """Only the first (an error, or nothing) and the last (the acknowledgement) are answered."""
        reply = b"%b.%b." % (self._inbox.encode(), name)
        batch = b"Nats-Batch-Id:%b\r\nNats-Batch-Sequence:" % reply[len("_INBOX.") : -1]
        last = len(facts)
        return [
            _hpub(
                fact,
                b"%b%d" % (reply, number) if number in (1, last) else _NOTHING,
                b"%b%d\r\n%b" % (batch, number, b"Nats-Batch-Commit:1\r\n" * (number == last)),
            )
            for number, fact in enumerate(facts, 1)
        ]

    def _hear(self, subject: bytes, _reply: bytes, headers: bytes, body: bytes) -> None:
        _, name, number = subject.rsplit(b".", 2)
        if name not in self._open:
            return
        done, awaited = self._open[name]
        refused = b'"error"' in body or headers.startswith(b"NATS/1.0 503")
        awaited.discard(number)
        if refused or not awaited:
            del self._open[name]
            if not done.done():
                done.set_exception(Refused(body.decode())) if refused else done.set_result(None)


class Refused(RuntimeError):
    """The broker said no."""


def _hpub(fact: Fact, reply: bytes, more: bytes) -> bytes:
    headers = b"NATS/1.0\r\nNats-Msg-Id:%b\r\n%b\r\n" % (fact.id.encode(), more)
    size = len(headers)
    where = (fact.subject.encode(), reply, size, size + len(fact.body), headers, fact.body)
    return b"HPUB %b %b %d %d\r\n%b%b\r\n" % where
