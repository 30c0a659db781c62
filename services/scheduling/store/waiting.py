"""Who waits for times at a clinic, and what wakes them: any time that is free again or new."""

from uuid import UUID

from chassis.database import Tx

FILL_WAITLIST = "fill-waitlist"

_WAITING = """
SELECT series_id FROM series WHERE clinic_id = $1 AND status = 'waitlisted'
ORDER BY urgent DESC, update_time, series_id LIMIT $2
"""


async def waiting_at(tx: Tx, clinic_id: UUID, limit: int) -> list[UUID]:
    """Series without times, the urgent ones first, then those that wait longest."""
    return [row[0] for row in await tx.driver.fetch(_WAITING, clinic_id, limit)]


def wake_waitlist(tx: Tx, clinic_id: UUID) -> None:
    """There may be times for somebody now."""
    tx.due(FILL_WAITLIST, clinic_id, tx.now)
