"""What people look up in the controlled-drug record."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlmodel import col

from chassis.database import Tx
from services.infusion.domain import custody
from services.infusion.store.custody import shapes
from services.infusion.store.custody.finding import holdings
from services.infusion.store.custody.rows import (
    ContainerRow,
    DisposalRow,
    EntryRow,
    IncidentRow,
    StocktakingRow,
)

_TOTAL = """
SELECT kind, sum(change) AS change FROM custody_entry JOIN custody_container USING (container_id)
WHERE dea_number = $1 GROUP BY kind
"""
_EACH = """
SELECT container_id, kind, sum(change) AS change FROM custody_entry
WHERE container_id = ANY($1::uuid[]) GROUP BY container_id, kind
"""


@dataclass(frozen=True, slots=True)
class Page:
    """From where on, and how many."""

    after: Sequence[str] | None
    limit: int


async def entries(tx: Tx, container_id: UUID) -> Sequence[custody.Entry]:
    """A container's whole ledger in order."""
    asked = select(EntryRow).where(col(EntryRow.container_id) == container_id)
    return [shapes.entry(row) for row in await tx.rows(asked.order_by(col(EntryRow.number)))]


async def of_session(tx: Tx, session_id: UUID) -> Sequence[tuple[custody.Entry, Decimal]]:
    """What the ledger says of a session, each line with its container's concentration."""
    asked = select(EntryRow).where(col(EntryRow.session_id) == session_id)
    rows = await tx.rows(asked.order_by(col(EntryRow.record_time), col(EntryRow.entry_id)))
    found = await holdings(tx, {row.container_id for row in rows})
    return [(shapes.entry(row), found[row.container_id].container.strength) for row in rows]


async def pending(tx: Tx, container_id: UUID) -> Sequence[custody.Disposal]:
    """Disposals that wait for a witness, oldest first."""
    container, status = col(DisposalRow.container_id), col(DisposalRow.status)
    waiting = custody.DisposalStatus.PENDING.value
    asked = select(DisposalRow).where(container == container_id, status == waiting)
    rows = await tx.rows(asked.order_by(col(DisposalRow.occur_time)))
    return [shapes.disposal(row) for row in rows]


async def stocked(tx: Tx, dea_number: str, page: Page) -> Sequence[custody.Holding]:
    """Containers of a registration by drug, lot and label."""
    order = [col(ContainerRow.ndc), col(ContainerRow.lot), col(ContainerRow.label)]
    asked = select(ContainerRow).where(col(ContainerRow.dea_number) == dea_number)
    if page.after:
        asked = asked.where(tuple_(*order) > tuple(page.after))
    rows = await tx.rows(asked.order_by(*order).limit(page.limit))
    found = await holdings(tx, [row.container_id for row in rows])
    return [found[row.container_id] for row in rows]


async def stocktakings(
    tx: Tx,
    clinic_ids: frozenset[UUID] | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[custody.Stocktaking]:
    """The next inventories of the places of these clinics, the most urgent first."""
    day, key = col(StocktakingRow.due_date), col(StocktakingRow.stocktaking_id)
    asked = select(StocktakingRow).order_by(day, key).limit(limit)
    if clinic_ids is not None:
        asked = asked.where(col(StocktakingRow.clinic_id).in_(clinic_ids))
    if after:
        moment, identity = after
        asked = asked.where(tuple_(day, key) > (moment.date(), identity))
    return [shapes.stocktaking(row) for row in await tx.rows(asked)]


async def total(tx: Tx, dea_number: str) -> custody.Balance:
    """All that came and went under a registration."""
    rows = await tx.driver.fetch(_TOTAL, dea_number)
    return custody.balance({custody.Kind(row["kind"]): row["change"] for row in rows})


async def balances(tx: Tx, container_ids: Sequence[UUID]) -> Mapping[UUID, custody.Balance]:
    """What came and went, container by container."""
    changes: defaultdict[UUID, dict[custody.Kind, Decimal]] = defaultdict(dict)
    for row in await tx.driver.fetch(_EACH, list(container_ids)):
        changes[row["container_id"]][custody.Kind(row["kind"])] = row["change"]
    return {container_id: custody.balance(changes[container_id]) for container_id in container_ids}


@dataclass(frozen=True, slots=True)
class Question:
    """Which incidents, from where, and how many."""

    dea_number: str
    status: custody.IncidentStatus | None
    after: tuple[datetime, UUID] | None
    limit: int


async def incidents(tx: Tx, question: Question) -> Sequence[custody.Incident]:
    """Incidents of a registration, newest first."""
    when, key = col(IncidentRow.find_time), col(IncidentRow.incident_id)
    asked = select(IncidentRow).where(col(IncidentRow.dea_number) == question.dea_number)
    if question.status:
        asked = asked.where(col(IncidentRow.status) == question.status.value)
    if question.after:
        asked = asked.where(tuple_(when, key) < question.after)
    rows = await tx.rows(asked.order_by(when.desc(), key.desc()).limit(question.limit))
    return [shapes.incident(row) for row in rows]
