"""How far the stream once reached, kept in the database: a new process knows it as the old did.

There are two witnesses. What was handled stood at its place, says the inbox, so the stream reached
at least as far. And the furthest fact of our own must still stand where it was seen.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from chassis.database import Database, Tx

_READ = """
SELECT epoch, last_seq, own_seq, own_id, heard_since, regressed FROM watermark WHERE stream = $1
"""
_HEARD = "SELECT coalesce(max(stream_seq), 0) FROM inbox WHERE handled_at >= $1"
_KEEP = """
INSERT INTO watermark AS kept (stream, epoch, last_seq, own_seq, own_id, heard_since, regressed)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (stream) DO UPDATE SET last_seq = greatest(kept.last_seq, excluded.last_seq),
    own_seq = excluded.own_seq, own_id = excluded.own_id,
    heard_since = excluded.heard_since, regressed = kept.regressed OR excluded.regressed
WHERE kept.epoch = excluded.epoch
"""
_BEGIN_ANEW = """
INSERT INTO watermark AS kept (stream, epoch, last_seq, own_seq, own_id, heard_since, regressed)
VALUES ($1, 1, 0, 0, NULL, $2, false)
ON CONFLICT (stream) DO UPDATE SET epoch = kept.epoch + 1, last_seq = 0, own_seq = 0,
    own_id = NULL, heard_since = excluded.heard_since, regressed = false
"""
_OVERLAP = timedelta(minutes=1)
"""A transaction keeps the time of its beginning, and may be seen so much later."""
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


class Place(NamedTuple):
    """Where in the stream a fact of ours stands."""

    seq: int
    event_id: UUID


@dataclass(frozen=True, slots=True)
class Watermark:
    """What the last look knew, whoever looked; an epoch ends when the stream is rebuilt."""

    epoch: int = 0
    last_seq: int = 0
    own: Place | None = None
    heard_since: datetime = _EVER
    regressed: bool = False


async def read(db: Database, stream: str) -> Watermark:
    """As it was kept, raised to what has been handled since."""
    mark = Watermark()
    for epoch, last, own_seq, own_id, since, regressed in await db.fetch(_READ, stream):
        own = Place(own_seq, own_id) if own_id else None
        mark = Watermark(epoch, last, own, since, regressed)
    ((heard,),) = await db.fetch(_HEARD, mark.heard_since)
    return replace(mark, last_seq=max(mark.last_seq, heard))


async def keep(
    db: Database, stream: str, mark: Watermark, last_seq: int, own: Place | None
) -> None:
    """The stream was sound as far as this; a look that began before a rebuild keeps nothing."""
    seq, event_id = own or (0, None)
    since = max(mark.heard_since, db.clock() - _OVERLAP)
    await db.fetch(_KEEP, stream, mark.epoch, last_seq, seq, event_id, since, False)


async def condemn(db: Database, stream: str, mark: Watermark) -> None:
    """It went back: this is known until somebody rebuilds, however far it grows meanwhile."""
    seq, event_id = mark.own or (0, None)
    about = mark.last_seq, seq, event_id, mark.heard_since
    await db.fetch(_KEEP, stream, mark.epoch, *about, True)


async def begin_anew(tx: Tx, stream: str) -> None:
    """What stood where in the stream before its rebuild is of no meaning any more."""
    await tx.driver.execute(_BEGIN_ANEW, stream, tx.now)
