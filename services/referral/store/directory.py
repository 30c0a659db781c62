"""Our own copy of the network's clinics."""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Tx
from halcyon.scheduling.events.v1.scheduling_events_pb2 import ClinicUpdated
from services.referral import wire
from services.referral.domain import Clinic
from services.referral.store.rows import ClinicRow
from services.referral.store.shapes import clinic, clinic_row


async def prefetch_clinics(facts: Sequence[ClinicUpdated], tx: Tx) -> None:
    """The clinics that a batch tells of."""
    await tx.load(ClinicRow, [wire.clinic_id(fact) for fact in facts])


async def find_clinic(tx: Tx, clinic_id: UUID) -> Clinic | None:
    """One clinic."""
    row = await tx.find(ClinicRow, clinic_id)
    return clinic(row.__dict__) if row else None


def keep_clinic(tx: Tx, clinic: Clinic) -> None:
    """Keep it as it is told now."""
    tx.put(clinic_row(clinic))
