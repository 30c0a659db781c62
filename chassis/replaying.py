"""Replaying many parked facts: by a filter, in the order of the stream, no faster than told."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from chassis import operated, parking
from chassis.database import Database
from chassis.subscriptions import Subscriptions

_PAGE = 100
_FIND = """
SELECT event_id, stream_seq FROM parked
WHERE replayed_at IS NULL AND held_by IS NULL AND (stream_seq, event_id) > ($5, $6::uuid)
    AND ($1 = '' OR subject = $1) AND ($2 = '' OR error_class = $2)
    AND ($3::uuid IS NULL OR flow_id = $3) AND ($4::timestamptz IS NULL OR parked_at >= $4)
ORDER BY stream_seq, event_id LIMIT $7
"""
_FOLLOWS = """
SELECT EXISTS (SELECT FROM parked AS older JOIN parked AS this USING (entity_id)
    WHERE this.event_id = $1 AND older.stream_seq < this.stream_seq AND older.replayed_at IS NULL)
"""


class Wanted(NamedTuple):
    """Which parked facts; every condition that is set must hold."""

    subject: str = ""
    error_class: str = ""
    flow_id: UUID | None = None
    since: datetime | None = None


class Position(NamedTuple):
    """Where in the order of the stream; deadlines come before all of it."""

    stream_seq: int = 0
    event_id: UUID = UUID(int=0)


class Outcome(NamedTuple):
    """How far it came; `next` is where to go on, nothing when all were looked at."""

    replayed: int
    failed: int
    blocked: int
    next: Position | None


class Replaying:
    """One page at a time, so that a call has an end and a person can stop."""

    def __init__(self, db: Database, on: Subscriptions, consumer: str) -> None:
        self._db, self._on, self._consumer = db, on, consumer

    async def would(self, wanted: Wanted, after: Position, page: int = _PAGE) -> Outcome:
        """The next page, without touching it."""
        found = await self._db.fetch(_FIND, *wanted, *after, page)
        return Outcome(len(found), 0, 0, _onward(found, page))

    async def replay(
        self, wanted: Wanted, after: Position, per_second: int, reason: str
    ) -> Outcome:
        """A page of as many as five seconds allow, each in a transaction of its own.

        What fails stays, and so does everything later about the same entity.
        """
        page = min(_PAGE, 5 * per_second)
        found = await self._db.fetch(_FIND, *wanted, *after, page)
        counts = {"replayed": 0, "failed": 0, "blocked": 0}
        clock = asyncio.get_running_loop().time
        turn = clock()
        for event_id, _ in found:
            await asyncio.sleep(max(0.0, turn - clock()))
            turn = max(turn, clock()) + 1 / per_second
            counts[await self._one(event_id, reason)] += 1
        return Outcome(**counts, next=_onward(found, page))

    async def _one(self, event_id: UUID, reason: str) -> str:
        ((follows,),) = await self._db.fetch(_FOLLOWS, event_id)
        if follows:
            return "blocked"
        try:
            async with self._db.transaction() as tx:
                await operated.note(tx, "replay", str(event_id), reason)
                await parking.replay(tx, event_id, self._on, self._consumer)
        except Exception:
            return "failed"
        return "replayed"


def _onward(found: Sequence[Any], page: int) -> Position | None:
    if len(found) < page:
        return None
    last = found[-1]
    return Position(last["stream_seq"], last["event_id"])
