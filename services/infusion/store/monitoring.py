"""Who is monitored, and the alerts of each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from chassis.database import Tx
from chassis.plans import made
from services.infusion import domain
from services.infusion.store.rows import SessionRow
from services.infusion.store.visit_rows import AlertRow

_POSTS = """
SELECT session_id, clinic_id, status, arrive_time, pack, EXISTS (
    SELECT FROM alert WHERE alert.session_id = session.session_id AND clear_time IS NULL)
FROM session LEFT JOIN attendance USING (session_id) WHERE session_id = ANY($1)
"""


@dataclass(frozen=True, slots=True)
class Post:
    """A session as its readings need to know it, without a lock."""

    session_id: UUID
    clinic_id: UUID
    status: domain.Status
    arrive_time: datetime | None
    pack: str | None
    alarmed: bool


async def posts(tx: Tx, session_ids: Iterable[UUID]) -> Mapping[UUID, Post]:
    """The sessions of many readings, in one look."""
    rows = await tx.driver.fetch(_POSTS, list(session_ids))
    return {row[0]: Post(row[0], row[1], domain.Status(row[2]), *row[3:]) for row in rows}


async def lock(tx: Tx, session_ids: Iterable[UUID]) -> None:
    """Nobody else decides about the alerts of these sessions meanwhile."""
    await tx.load(SessionRow, sorted(session_ids))


async def alerts(tx: Tx, *session_ids: UUID) -> Sequence[domain.Alert]:
    """All alerts of the sessions, oldest first."""
    when, mine = col(AlertRow.raise_time), col(AlertRow.session_id).in_(session_ids)
    rows = await tx.rows(select(AlertRow).where(mine).order_by(when, col(AlertRow.alert_id)))
    return [_alert(row) for row in rows]


async def find_alert(tx: Tx, session_id: UUID, alert_id: UUID) -> domain.Alert | None:
    """One alert of a session."""
    row = await tx.find(AlertRow, alert_id)
    return _alert(row) if row and row.session_id == session_id else None


async def keep_event_alert(tx: Tx, alert: domain.Alert) -> None:
    """One open alert for a kind of event, however often it is noted."""
    known = await alerts(tx, alert.session_id)
    if not any(one.rule_id == alert.rule_id and one.is_open for one in known):
        keep_alert(tx, alert)


def keep_alert(tx: Tx, alert: domain.Alert) -> None:
    """An alert as it stands."""
    tx.put(
        made(
            AlertRow,
            alert_id=alert.alert_id,
            session_id=alert.session_id,
            rule_id=alert.rule_id,
            level=alert.level.value,
            parameter=alert.parameter,
            raise_time=alert.raise_time,
            clear_time=alert.clear_time,
            acknowledge_time=alert.acknowledge_time,
            acknowledged_by=alert.acknowledged_by,
            by_prescriber=alert.by_prescriber,
        )
    )


def _alert(row: AlertRow) -> domain.Alert:
    return domain.Alert(
        row.alert_id,
        row.session_id,
        row.rule_id,
        domain.Level(row.level),
        row.parameter,
        row.raise_time,
        row.clear_time,
        row.acknowledge_time,
        row.acknowledged_by,
        row.by_prescriber,
    )
