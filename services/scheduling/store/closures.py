"""When clinics are closed and resources are away."""

from uuid import UUID

from sqlmodel import col, select

from chassis.database import Tx
from services.scheduling.domain import Closure
from services.scheduling.store.rows import ClosureRow


async def closures_of(tx: Tx, clinic_id: UUID) -> tuple[Closure, ...]:
    """What is not over yet, in order of time."""
    query = select(ClosureRow).where(
        col(ClosureRow.clinic_id) == clinic_id, col(ClosureRow.end_time) > tx.now
    )
    query = query.order_by(col(ClosureRow.start_time), col(ClosureRow.closure_id))
    return tuple(closure(row) for row in await tx.rows(query))


def closure(row: ClosureRow) -> Closure:
    """A row as a closure."""
    return Closure(
        row.closure_id, row.clinic_id, row.resource_id, row.start_time, row.end_time, row.reason
    )
