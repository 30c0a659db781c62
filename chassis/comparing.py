"""Outbox and stream compared window by window: only what has not met its twin yet is in memory."""

from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from chassis.bus import Bus
from chassis.carried import windows
from chassis.database import Database

_WINDOW = 5000
_PUBLISHED = """
SELECT event_id FROM outbox
WHERE recorded_at > $1 AND recorded_at <= $2 AND published_at < $3
"""
_KNOWN = "SELECT event_id FROM outbox WHERE event_id = ANY($1::uuid[])"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Our facts that the stream lacks, and those in it that we do not know."""

    missing: frozenset[UUID]
    phantom: frozenset[UUID]


class Merge:
    """Two sides in nearly the same order; what has met its twin is forgotten."""

    def __init__(self) -> None:
        self.published: set[UUID] = set()
        """Not met in the stream so far."""
        self.carried: set[UUID] = set()
        """Not met in the outbox so far."""

    def publish(self, ids: Iterable[UUID]) -> None:
        """The outbox calls these published."""
        _meet(ids, self.published, self.carried)

    def carry(self, ids: Iterable[UUID]) -> None:
        """The stream carries these."""
        _meet(ids, self.carried, self.published)

    def __len__(self) -> int:
        return len(self.published) + len(self.carried)


async def compare(
    db: Database, bus: Bus, name: str, stream: str, size: int = _WINDOW
) -> Comparison:
    """What the outbox calls published before we begin must be in the stream; the rest may be."""
    began = db.clock()
    at, merge = await _oldest(db, bus, stream), Merge()
    async with aclosing(windows(bus, stream, f"halcyon.{name}.events.>", size)) as found:
        async for window in found:
            merge.carry(place.event_id for place in window.places)
            until = max(at, min(window.until, began))
            merge.publish([row[0] for row in await db.fetch(_PUBLISHED, at, until, began)])
            at = until
    merge.publish([row[0] for row in await db.fetch(_PUBLISHED, at, began, began)])
    phantom = await _strangers(db, sorted(merge.carried), size)
    return Comparison(frozenset(merge.published), frozenset(phantom))


async def _strangers(db: Database, ids: Sequence[UUID], size: int) -> set[UUID]:
    """Those that the outbox has never heard of."""
    strangers = set(ids)
    for at in range(0, len(ids), size):
        strangers -= {row[0] for row in await db.fetch(_KNOWN, ids[at : at + size])}
    return strangers


async def _oldest(db: Database, bus: Bus, stream: str) -> datetime:
    """The stream forgets by age: what is about to go is not missed."""
    info = await bus.jetstream.manager().stream_info(stream)
    age = timedelta(seconds=float(info.config.max_age or 0)) or timedelta(days=30)
    return db.clock() - age + timedelta(hours=1)


def _meet(ids: Iterable[UUID], waiting: set[UUID], others: set[UUID]) -> None:
    for one in ids:
        if one in others:
            others.remove(one)
        else:
            waiting.add(one)
