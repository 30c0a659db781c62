"""The deadlines of monitoring, and the months that readings are kept in."""

from datetime import datetime, timedelta
from uuid import UUID

from chassis.database import Tx
from services.infusion import domain
from services.infusion.store.monitoring import keep_alert
from services.infusion.store.readings import last_pressure
from services.infusion.store.whole import since

OVERDUE = "vitals-overdue"
PARTITIONS = "make-partitions"
_AHEAD = """
SELECT make_vitals_partition($1::timestamptz + months * interval '1 month')
FROM generate_series(-1, 3) AS months
"""
_LOOK_AGAIN = timedelta(days=7)


async def await_reading(tx: Tx, before: domain.Visit, visit: domain.Visit) -> None:
    """Ask to be woken when the next reading is overdue; nobody waits for one who is gone.

    A call that moved nothing postpones nothing: repeated, it would put the alarm off for ever.
    """
    session_id = visit.session.session_id
    if visit.session.status is before.session.status:
        return
    at = domain.due_time(visit, await measured(tx, visit), tx.now)
    tx.due(OVERDUE, session_id, at) if at else tx.undue(OVERDUE, session_id)


async def measured(tx: Tx, visit: domain.Visit) -> datetime:
    """When pressure was last measured since the arrival."""
    return await last_pressure(tx, visit.session.session_id, since(visit))


async def make_partitions(tx: Tx, entity_id: UUID) -> None:
    """The months around now have their tables; and again in a week."""
    await tx.driver.execute(_AHEAD, tx.now)
    tx.due(PARTITIONS, entity_id, tx.now + _LOOK_AGAIN)


def keep_overdue(
    tx: Tx, session_id: UUID, alert: domain.Alert | None, again: datetime | None
) -> None:
    """The alert, if it is new, and when to look again, if ever."""
    if alert:
        keep_alert(tx, alert)
    if again:
        tx.due(OVERDUE, session_id, again)
