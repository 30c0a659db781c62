"""How far the stream once reached, kept in the database: a new process knows it as the old did.

The inbox is the witness: what was handled stood in the stream, at its place, under its id.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from chassis.database import Database, Tx

_READ = """
SELECT epoch, last_seq, heard_seq, heard_id, heard_since, regressed FROM watermark WHERE stream = $1
"""
_NEWEST = """
SELECT stream_seq, event_id FROM inbox WHERE handled_at >= $1 ORDER BY stream_seq DESC LIMIT 1
"""
_KEEP = """
INSERT INTO watermark AS kept
    (stream, epoch, last_seq, heard_seq, heard_id, heard_since, regressed)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (stream) DO UPDATE SET last_seq = greatest(kept.last_seq, excluded.last_seq),
    heard_seq = excluded.heard_seq, heard_id = excluded.heard_id,
    heard_since = excluded.heard_since, regressed = kept.regressed OR excluded.regressed
WHERE kept.epoch = excluded.epoch
"""
_BEGIN_ANEW = """
INSERT INTO watermark AS kept
    (stream, epoch, last_seq, heard_seq, heard_id, heard_since, regressed)
VALUES ($1, 1, 0, 0, NULL, $2, false)
ON CONFLICT (stream) DO UPDATE SET epoch = kept.epoch + 1, last_seq = 0, heard_seq = 0,
    heard_id = NULL, heard_since = excluded.heard_since, regressed = false
"""
_OVERLAP = timedelta(minutes=1)
"""A transaction keeps the time of its beginning, and may be seen so much later."""
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


class Witness(NamedTuple):
    """A fact that we handled, and where in the stream it stood."""

    stream_seq: int
    event_id: UUID


@dataclass(frozen=True, slots=True)
class Watermark:
    """What the last look knew, whoever looked; an epoch ends when the stream is rebuilt."""

    epoch: int = 0
    last_seq: int = 0
    heard: Witness | None = None
    heard_since: datetime = _EVER
    regressed: bool = False


async def read(db: Database, stream: str) -> Watermark:
    """As it was kept."""
    for epoch, last_seq, heard_seq, heard_id, since, regressed in await db.fetch(_READ, stream):
        heard = Witness(heard_seq, heard_id) if heard_id else None
        return Watermark(epoch, last_seq, heard, since, regressed)
    return Watermark()


async def newest(db: Database, mark: Watermark) -> Witness | None:
    """The furthest fact that was handled, by any process, as far as this epoch knows."""
    found = [Witness(*row) for row in await db.fetch(_NEWEST, mark.heard_since)]
    return max([*found, *([mark.heard] if mark.heard else [])], default=None)


async def keep(
    db: Database, stream: str, mark: Watermark, last_seq: int, heard: Witness | None
) -> None:
    """The stream was sound as far as this; a look that began before a rebuild keeps nothing."""
    seq, event_id = heard or (0, None)
    since = max(mark.heard_since, db.clock() - _OVERLAP)
    await db.fetch(_KEEP, stream, mark.epoch, last_seq, seq, event_id, since, False)


async def condemn(db: Database, stream: str, mark: Watermark) -> None:
    """It went back: this is known until somebody rebuilds, however far it grows meanwhile."""
    seq, event_id = mark.heard or (0, None)
    await db.fetch(_KEEP, stream, mark.epoch, mark.last_seq, seq, event_id, mark.heard_since, True)


async def begin_anew(tx: Tx, stream: str) -> None:
    """What stood where in the stream before its rebuild is of no meaning any more."""
    await tx.driver.execute(_BEGIN_ANEW, stream, tx.now)
