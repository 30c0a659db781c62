"""What decisions need of the controlled-drug record; containers to be changed are locked."""

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col

from chassis.database import Tx
from chassis.refusal import NotFound
from services.infusion.domain import custody
from services.infusion.store.custody import shapes
from services.infusion.store.custody.rows import (
    ContainerRow,
    DisposalRow,
    EntryRow,
    IncidentRow,
    RegistrationRow,
    StocktakingRow,
)

_OF_THE_SESSION = """
SELECT coalesce(-sum(change), 0) FROM custody_entry WHERE kind = 'administered' AND session_id = $1
"""


def unknown(what: str) -> NotFound:
    """The same words for what is not there and what is not the caller's to see."""
    return NotFound(f"{what}_NOT_FOUND", f"No such {what.lower()}.")


async def find_registration(tx: Tx, dea_number: str) -> custody.Registration | None:
    """A registration; it never changes, so it is not locked."""
    asked = select(RegistrationRow).where(col(RegistrationRow.dea_number) == dea_number)
    rows = await tx.rows(asked)
    return shapes.registration(rows[0]) if rows else None


async def registration(tx: Tx, dea_number: str) -> custody.Registration:
    """A registration that must be there."""
    if found := await find_registration(tx, dea_number):
        return found
    raise unknown("REGISTRATION")


async def holdings(tx: Tx, container_ids: Iterable[UUID]) -> Mapping[UUID, custody.Holding]:
    """Containers with their newest entries; whoever changes one waits for whoever does."""
    wanted = set(container_ids)
    await tx.load(ContainerRow, sorted(wanted))
    rows = [row for key in wanted if (row := await tx.find(ContainerRow, key))]
    newest = await _newest(tx, [row.container_id for row in rows])
    return {
        row.container_id: custody.Holding(shapes.container(row), newest.get(row.container_id))
        for row in rows
    }


async def holding(tx: Tx, container_id: UUID) -> custody.Holding:
    """A container that must be there."""
    found = await holdings(tx, [container_id])
    if container_id not in found:
        raise unknown("CONTAINER")
    return found[container_id]


async def entry_of(tx: Tx, container_id: UUID, cause_id: UUID) -> custody.Entry | None:
    """What a container recorded of a cause."""
    container, cause = col(EntryRow.container_id), col(EntryRow.cause_id)
    rows = await tx.rows(select(EntryRow).where(container == container_id, cause == cause_id))
    return shapes.entry(rows[0]) if rows else None


async def received_by(
    tx: Tx, container_ids: Collection[UUID], cause_id: UUID
) -> Mapping[UUID, bool]:
    """Which of these containers exist, and whether this very request brought them."""
    known = await holdings(tx, container_ids)
    container, cause = col(EntryRow.container_id), col(EntryRow.cause_id)
    asked = select(EntryRow).where(container.in_(known), cause == cause_id)
    brought = {row.container_id for row in await tx.rows(asked)}
    return {container_id: container_id in brought for container_id in known}


async def original(tx: Tx, container: custody.Container, entry_id: UUID) -> custody.Original:
    """The entry to take back, and what stands in the way of it."""
    own, reversed_id = col(EntryRow.entry_id), col(EntryRow.reversed_id)
    asked = select(EntryRow).where(col(EntryRow.container_id) == container.container_id)
    rows = await tx.rows(asked.where((own == entry_id) | (reversed_id == entry_id)))
    found = next((row for row in rows if row.entry_id == entry_id), None)
    if found is None:
        raise unknown("ENTRY")
    async with tx.beyond():
        shared = await find_registration(tx, found.counterparty)
    return custody.Original(shapes.entry(found), len(rows) > 1, shared is not None)


async def given(tx: Tx, session_id: UUID) -> Decimal:
    """Milligrams that a session was given, out of all containers."""
    found: Decimal = await tx.driver.fetchval(_OF_THE_SESSION, session_id)
    return custody.plain(found)


async def find_disposal(tx: Tx, disposal_id: UUID) -> custody.Disposal | None:
    """A disposal, locked."""
    row = await tx.find(DisposalRow, disposal_id)
    return shapes.disposal(row) if row else None


async def disposal(tx: Tx, disposal_id: UUID) -> custody.Disposal:
    """A disposal that must be there."""
    if found := await find_disposal(tx, disposal_id):
        return found
    raise unknown("DISPOSAL")


async def find_stocktaking(tx: Tx, stocktaking_id: UUID) -> custody.Stocktaking | None:
    """A place's inventories, locked."""
    row = await tx.find(StocktakingRow, stocktaking_id)
    return shapes.stocktaking(row) if row else None


async def stocktaking_of(tx: Tx, dea_number: str) -> custody.Stocktaking:
    """Those of a registration, locked; every registration has them."""
    asked = select(StocktakingRow).where(col(StocktakingRow.dea_number) == dea_number)
    (row,) = await tx.rows(asked.with_for_update())
    return shapes.stocktaking(row)


async def find_incident(tx: Tx, incident_id: UUID) -> custody.Incident | None:
    """An incident, locked."""
    row = await tx.find(IncidentRow, incident_id)
    return shapes.incident(row) if row else None


async def incident(tx: Tx, incident_id: UUID) -> custody.Incident:
    """An incident that must be there."""
    if found := await find_incident(tx, incident_id):
        return found
    raise unknown("INCIDENT")


async def _newest(tx: Tx, container_ids: Collection[UUID]) -> Mapping[UUID, custody.Entry]:
    container, number = col(EntryRow.container_id), col(EntryRow.number)
    asked = select(EntryRow).where(container.in_(container_ids)).ext(distinct_on(container))
    rows = await tx.rows(asked.order_by(container, number.desc()))
    return {row.container_id: shapes.entry(row) for row in rows}
