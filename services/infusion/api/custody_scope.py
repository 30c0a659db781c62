"""What of the controlled-drug record a caller may see: that of the clinics served."""

from decimal import Decimal
from uuid import UUID

from chassis.auth import caller
from chassis.database import Tx
from services.infusion import domain
from services.infusion.api.desk import visible
from services.infusion.domain import custody
from services.infusion.store import custody as store


async def registration(tx: Tx, dea_number: str) -> custody.Registration:
    """A registration of a clinic that the caller serves."""
    found = await store.registration(tx, dea_number)
    if not caller().sees(found.clinic_id):
        raise store.unknown("REGISTRATION")
    return found


async def holding(tx: Tx, container_id: UUID) -> custody.Holding:
    """A container of a clinic that the caller serves; of others not even the existence is told."""
    found = await store.holding(tx, container_id)
    if not caller().sees(found.container.clinic_id):
        raise store.unknown("CONTAINER")
    return found


async def disposal(tx: Tx, disposal_id: UUID) -> tuple[custody.Disposal, custody.Holding]:
    """A disposal out of such a container."""
    found = await store.disposal(tx, disposal_id)
    held = await store.holding(tx, found.container_id)
    if not caller().sees(held.container.clinic_id):
        raise store.unknown("DISPOSAL")
    return found, held


async def incident(tx: Tx, incident_id: UUID) -> tuple[custody.Incident, custody.Holding]:
    """An incident of such a container."""
    found = await store.incident(tx, incident_id)
    if not caller().sees(found.clinic_id):
        raise store.unknown("INCIDENT")
    return found, await store.holding(tx, found.container_id)


async def ends(
    tx: Tx, container_id: UUID, recipient: str
) -> tuple[custody.Holding, custody.Holding | None]:
    """Such a container, and the same one in the ledger of a recipient in this network."""
    known = await store.containers(tx, [container_id])
    place = await store.find_registration(tx, recipient)
    if container_id not in known:
        raise store.unknown("CONTAINER")
    there = custody.destination(known[container_id], place)
    ids = [container_id, there.container_id] if there else [container_id]
    held = await store.holdings(tx, ids)
    here = await holding(tx, container_id)
    return here, held.get(there.container_id, custody.Holding(there)) if there else None


async def session(tx: Tx, session_id: UUID | None) -> None:
    """Where a session is named, it is one of a clinic that the caller serves."""
    if session_id:
        await visible(tx, str(session_id))


async def need(tx: Tx, session_id: UUID) -> custody.Need:
    """Of such a session; it is locked before the container, by whoever locks both."""
    return await need_of(tx, await visible(tx, str(session_id)))


async def need_of(tx: Tx, visit: domain.Visit) -> custody.Need:
    """What the ledger may say that a session was given."""
    infusion, session = visit.infusion, visit.session
    most = 0
    if infusion:
        ending = infusion.ending
        most = ending.given_micrograms if ending else infusion.ordered_micrograms
    given = await store.given(tx, session.session_id)
    return custody.Need(session.clinic_id, Decimal(most) / 1000, given)
