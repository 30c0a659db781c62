"""What was handled already: the claim commits with the work, so a crash un-claims it."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chassis.database import Database, Tx

_CLAIM = """
INSERT INTO inbox (event_id, subject, stream_seq, handled_at)
SELECT claim.*, $4::timestamptz FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS claim
ON CONFLICT DO NOTHING RETURNING event_id
"""
_HANDLED = "SELECT event_id, handled_at FROM inbox WHERE event_id = ANY($1::uuid[])"


class Claim(NamedTuple):
    """A fact we are about to handle."""

    event_id: UUID
    subject: str
    stream_seq: int


async def claim(tx: Tx, claims: Sequence[Claim]) -> set[UUID]:
    """The facts that are ours to handle, claimed in one order so that two claimers cannot cross."""
    columns = map(list, zip(*sorted(claims), strict=True))
    return {row[0] for row in await tx.driver.fetch(_CLAIM, *columns, tx.now)}


async def handled(db: Database, event_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Those of the facts that were handled, and when."""
    return {row[0]: row[1] for row in await db.fetch(_HANDLED, list(event_ids))}
