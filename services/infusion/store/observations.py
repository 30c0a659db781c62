"""What was noted beside the numbers."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from chassis.database import Tx
from chassis.plans import made
from services.infusion import domain
from services.infusion.store.visit_rows import ObservationRow


async def find_observation(tx: Tx, observation_id: UUID) -> domain.Observation | None:
    """One observation."""
    row = await tx.find(ObservationRow, observation_id)
    return _observation(row) if row else None


async def observations(tx: Tx, session_id: UUID) -> Sequence[domain.Observation]:
    """All observations of a session in order of time."""
    when, key = col(ObservationRow.occur_time), col(ObservationRow.observation_id)
    mine = col(ObservationRow.session_id) == session_id
    rows = await tx.rows(select(ObservationRow).where(mine).order_by(when, key))
    return [_observation(row) for row in rows]


def keep_observation(tx: Tx, noted: domain.Observation) -> None:
    """An observation is added."""
    tx.put(
        made(
            ObservationRow,
            observation_id=noted.observation_id,
            session_id=noted.session_id,
            kind=noted.kind.value,
            code=noted.code,
            content=noted.content,
            recorded_by=noted.recorded_by,
            occur_time=noted.occur_time,
        )
    )


def _observation(row: ObservationRow) -> domain.Observation:
    return domain.Observation(
        row.observation_id,
        row.session_id,
        domain.Kind(row.kind),
        row.code,
        row.content,
        row.recorded_by,
        row.occur_time,
    )
