"""Counts, and what they are compared with."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from chassis.database import Tx
from chassis.refusal import NotAllowed
from services.infusion.domain import custody
from services.infusion.store.custody import shapes
from services.infusion.store.custody.finding import holdings, unknown
from services.infusion.store.custody.rows import (
    ContainerRow,
    CountLineRow,
    CountRow,
    IncidentRow,
)

_FILLED = """
SELECT container_id FROM custody_container JOIN LATERAL (
    SELECT balance FROM custody_entry WHERE custody_entry.container_id =
        custody_container.container_id ORDER BY number DESC LIMIT 1) AS newest ON true
WHERE dea_number = $1 AND balance > 0
"""


async def find_count(tx: Tx, count_id: UUID) -> custody.Count | None:
    """A count with its lines as they were told."""
    row = await tx.find(CountRow, count_id)
    return await _whole(tx, row) if row else None


async def stock(tx: Tx, tally: custody.Tally) -> custody.Stock:
    """What a count is compared with; a container of another registration is none of these."""
    dea_number = tally.count.dea_number
    container_ids = [container_id for container_id, _ in tally.told]
    found = await holdings(tx, container_ids)
    for container_id in container_ids:
        if container_id not in found or found[container_id].container.dea_number != dea_number:
            raise unknown("CONTAINER")
    filled = [row["container_id"] for row in await tx.driver.fetch(_FILLED, dea_number)]
    return custody.Stock(found, filled, await _open_incidents(tx, container_ids))


async def recount(tx: Tx, container_id: UUID) -> custody.Recount:
    """The newest count of a container."""
    asked = (
        select(CountRow)
        .join(CountLineRow, col(CountLineRow.count_id) == col(CountRow.count_id))
        .where(col(CountLineRow.container_id) == container_id)
        .order_by(col(CountRow.count_time).desc(), col(CountRow.count_id))
        .limit(1)
    )
    (newest,) = await tx.rows(asked)
    line = await tx.find(CountLineRow, (newest.count_id, container_id))
    assert line is not None
    return custody.Recount(shapes.line(line), newest.counter)


async def newest_inventory(tx: Tx, dea_number: str) -> custody.Count:
    """The last count of all the stock of a registration."""
    asked = select(CountRow).where(col(CountRow.dea_number) == dea_number)
    asked = asked.where(col(CountRow.scope) == custody.Scope.INVENTORY.value)
    rows = await tx.rows(asked.order_by(col(CountRow.count_time).desc()).limit(1))
    if not rows:
        raise NotAllowed("NO_INVENTORY", "The registration has had no inventory yet.")
    return await _whole(tx, rows[0])


async def incidents_of(tx: Tx, count: custody.Count) -> Sequence[custody.Incident]:
    """The incidents of a count's differences, as they stand."""
    ids = [line.incident_id for line in count.lines if line.incident_id]
    rows = await tx.rows(select(IncidentRow).where(col(IncidentRow.incident_id).in_(ids)))
    by_id = {row.incident_id: shapes.incident(row) for row in rows}
    return [by_id[incident_id] for incident_id in ids]


async def containers(tx: Tx, container_ids: Iterable[UUID]) -> Mapping[UUID, custody.Container]:
    """Containers by id, to be read."""
    asked = select(ContainerRow).where(col(ContainerRow.container_id).in_(list(container_ids)))
    return {row.container_id: shapes.container(row) for row in await tx.rows(asked)}


async def _open_incidents(tx: Tx, container_ids: Sequence[UUID]) -> Mapping[UUID, custody.Incident]:
    container, status = col(IncidentRow.container_id), col(IncidentRow.status)
    resolved = custody.IncidentStatus.RESOLVED.value
    asked = select(IncidentRow).where(container.in_(container_ids), status != resolved)
    return {row.container_id: shapes.incident(row) for row in await tx.rows(asked)}


async def _whole(tx: Tx, row: CountRow) -> custody.Count:
    asked = select(CountLineRow).where(col(CountLineRow.count_id) == row.count_id)
    return shapes.count(row, await tx.rows(asked.order_by(col(CountLineRow.place))))
