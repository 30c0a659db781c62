"""What was handled already: the claim commits with the work, so a crash un-claims it."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chassis.database import Database, Tx

_CLAIM = "INSERT INTO inbox (event_id, subject, stream_seq, handled_at) VALUES"
_OURS = """
SELECT event_id FROM inbox
WHERE event_id = ANY($1::uuid[]) AND xmin = pg_current_xact_id()::xid
"""
_HANDLED = "SELECT event_id, handled_at FROM inbox WHERE event_id = ANY($1::uuid[])"


class Claim(NamedTuple):
    """A fact we are about to handle."""

    event_id: UUID
    subject: str
    stream_seq: int


def claiming(claims: Sequence[Claim], now: datetime) -> str:
    """The claim, in one order so that two claimers cannot cross.

    It is text, for only text can go with BEGIN, and a round trip costs more than reading it.
    Nothing in it comes from outside: ids are parsed, and a subject is one that we listen to.
    """
    at = str(now)
    rows = [f"('{one!s}', '{subject}', {seq}, '{at}')" for one, subject, seq in sorted(claims)]
    return f"{_CLAIM} {', '.join(rows)} ON CONFLICT DO NOTHING"


async def claimed(tx: Tx, claims: Sequence[Claim], answer: str) -> set[UUID]:
    """The facts that are ours to handle: all of them, unless PostgreSQL counted fewer."""
    asked = {claim.event_id for claim in claims}
    if answer == f"INSERT 0 {len(claims)}":
        return asked
    return {row[0] for row in await tx.driver.fetch(_OURS, list(asked))}


async def handled(db: Database, event_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Those of the facts that were handled, and when."""
    return {row[0]: row[1] for row in await db.fetch(_HANDLED, list(event_ids))}
