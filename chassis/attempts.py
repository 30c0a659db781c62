"""How often a fact was tried, also by processes that did not live to tell."""

from collections import OrderedDict
from datetime import timedelta
from uuid import uuid4

from chassis.database import Database, Tx
from chassis.flows import belonging
from chassis.heard import Heard

LOST = "ProcessLost"
"""The class of the error that nobody lived to report."""

_SUSPECT = 3
"""The delivery from which on a fact is tried alone: two came back without a word."""
_KNOWN = 10_000
_BEGIN = """
INSERT INTO attempt AS known (event_id, subject, flow_id, stream_seq, attempts, error_class,
    tried_by) VALUES ($1, $2, $3, $4, 0, $6, $5)
ON CONFLICT (event_id) DO UPDATE SET tried_by = $5,
    attempts = known.attempts + (known.tried_by <> $5 AND known.tried_by IS NOT NULL)::int,
    error_class = CASE WHEN known.tried_by <> $5 THEN $6 ELSE known.error_class END
RETURNING attempts, error_class
"""
_FAILED = """
INSERT INTO attempt AS known (event_id, subject, flow_id, stream_seq, attempts, error_class,
    retry_at) VALUES ($1, $2, $3, $4, 1, $5, $6)
ON CONFLICT (event_id) DO UPDATE SET attempts = known.attempts + 1, error_class = $5,
    retry_at = $6, tried_by = NULL
RETURNING attempts
"""
_FORGET = "DELETE FROM attempt WHERE event_id = $1"


class Attempts:
    """Kept in the database from the moment a fact is under suspicion; others cost nothing."""

    def __init__(self, db: Database, most: int) -> None:
        self._db, self._most = db, most
        self._me = uuid4()
        self._failed: OrderedDict[int, None] = OrderedDict()

    def suspects(self, one: Heard) -> bool:
        """Whether it failed before, or came again and again: nothing else should suffer with it."""
        return one.stream_seq in self._failed or one.delivered >= min(_SUSPECT, self._most)

    async def begin(self, one: Heard) -> bool:
        """Note the try before it is made; false when it has ended too many processes already.

        Who finds the note of another process knows that this one never finished. Our own note is
        no proof: the database went away in between.
        """
        about = one.event_id, one.subject, belonging(one.fact).flow_id, one.stream_seq
        ((lost, error_class),) = await self._db.fetch(_BEGIN, *about, self._me, LOST)
        return bool(error_class != LOST or lost < max(1, self._most - _SUSPECT + 1))

    async def failed(self, one: Heard, error_class: str, seconds: float) -> int:
        """One more; how many there were."""
        self._failed[one.stream_seq] = None
        while len(self._failed) > _KNOWN:
            self._failed.popitem(last=False)
        about = one.event_id, one.subject, belonging(one.fact).flow_id, one.stream_seq
        again = self._db.clock() + timedelta(seconds=seconds)
        ((attempts,),) = await self._db.fetch(_FAILED, *about, error_class, again)
        return int(attempts)

    async def forget(self, tx: Tx, one: Heard) -> None:
        """It is settled."""
        await tx.driver.execute(_FORGET, one.parking_id)

    def settled(self, one: Heard) -> None:
        """The transaction that settled it is committed."""
        self._failed.pop(one.stream_seq, None)
