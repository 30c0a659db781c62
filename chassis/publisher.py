"""Publish a batch and learn which messages the stream has taken: pipelined, or all at once."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from chassis.bus import Bus, publication
from chassis.outbox import Entry

ATOMIC_FROM = 16
"""From this size one fsync for the batch beats one for each message."""


@dataclass(slots=True)
class _Round:
    """The replies still to come; a refused message is simply not among the taken."""

    waiting: set[int]
    taken: set[int] = field(default_factory=set)
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Publisher:
    """One reply inbox for everything; safe to repeat, since each message names itself."""

    def __init__(self, bus: Bus, source: str, *, atomic_from: int = ATOMIC_FROM) -> None:
        self._bus, self._source, self._atomic_from = bus, source, atomic_from
        self._inbox = bus.inbox()
        self._rounds: dict[int, _Round] = {}
        self._last = 0

    async def start(self) -> None:
        """Listen for the stream's replies."""
        await self._bus.tap(f"{self._inbox}.*", self._on_reply)

    async def publish(self, entries: Sequence[Entry], patience: float = 5) -> list[UUID]:
        """Those the stream now holds; the others may be sent again."""
        if self._atomic_from <= len(entries) <= 1000 and await self._all_at_once(entries, patience):
            return [entry.event_id for entry in entries]
        return await self._pipelined(entries, patience)

    async def _pipelined(self, entries: Sequence[Entry], patience: float) -> list[UUID]:
        first = self._last + 1
        numbers = range(first, first + len(entries))
        lines = [
            publication(
                entry.subject, f"{self._inbox}.{n}", headers(entry, self._source), entry.data
            )
            for n, entry in zip(numbers, entries, strict=True)
        ]
        taken = (await self._exchange(lines, set(numbers), patience)).taken
        return [entry.event_id for n, entry in zip(numbers, entries, strict=True) if n in taken]

    async def _all_at_once(self, entries: Sequence[Entry], patience: float) -> bool:
        batch, first, last = uuid4().hex, self._last + 1, self._last + 2
        replies = {0: f"{self._inbox}.{first}", len(entries) - 1: f"{self._inbox}.{last}"}
        lines = []
        for index, entry in enumerate(entries):
            extra = f"Nats-Batch-Id: {batch}\r\nNats-Batch-Sequence: {index + 1}\r\n"
            if index == len(entries) - 1:
                extra += "Nats-Batch-Commit: 1\r\n"
            block = headers(entry, self._source, extra)
            lines.append(publication(entry.subject, replies.get(index, ""), block, entry.data))
        return last in (await self._exchange(lines, {first, last}, patience)).taken

    async def _exchange(self, lines: list[bytes], numbers: set[int], patience: float) -> _Round:
        current = _Round(set(numbers))
        self._last = max(numbers)
        self._rounds.update(dict.fromkeys(numbers, current))
        late = asyncio.get_running_loop().call_later(patience, current.over.set)
        try:
            self._bus.say(b"".join(lines))
            await current.over.wait()
        finally:
            late.cancel()
            for number in numbers:
                self._rounds.pop(number, None)
        return current

    def _on_reply(self, subject: str, _reply: str, data: bytes, headers: bytes | None) -> None:
        number = int(subject.rpartition(".")[2])
        if (current := self._rounds.pop(number, None)) is None:
            return
        current.waiting.discard(number)
        if not headers and data.startswith(b'{"stream"'):
            current.taken.add(number)
        if not current.waiting or _refuses_batch(data):
            current.over.set()


def headers(entry: Entry, source: str, extra: str = "") -> bytes:
    """The header block of one fact: CloudEvents in binary mode, and the trace that caused it."""
    name = str(entry.event_id)
    trace = f"traceparent: {entry.traceparent}\r\n" if entry.traceparent else ""
    return (
        f"NATS/1.0\r\nNats-Msg-Id: {name}\r\nce-id: {name}\r\nce-type: {entry.subject}\r\n"
        f"ce-source: {source}\r\nce-specversion: 1.0\r\n"
        "ce-datacontenttype: application/protobuf\r\n"
        f"ce-time: {entry.recorded_at.isoformat()}\r\n{trace}{extra}\r\n"
    ).encode()


def _refuses_batch(data: bytes) -> bool:
    """Errors 10174 to 10211 end a whole atomic batch: no second reply will come."""
    if not data.startswith(b'{"error"'):
        return False
    code = json.loads(data)["error"].get("err_code", 0)
    return 10174 <= int(code) <= 10211
