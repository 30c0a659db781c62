"""What a caller may see: the intakes of the clinics that the caller serves."""

from typing import TypeAlias
from uuid import UUID

import grpc

from chassis.auth import ALL, caller
from chassis.database import Tx
from services.intake import domain, store

Context: TypeAlias = "grpc.aio.ServicerContext[object, object]"


async def visible(tx: Tx, intake_id: UUID) -> domain.Intake:
    """An intake of a clinic that the caller serves; of others not even the existence is told."""
    intake = await store.get(tx, intake_id)
    if not caller().sees(intake.need.clinic_id):
        raise store.unknown()
    return intake


def scope(clinic_id: str = "") -> frozenset[UUID] | None:
    """The clinics to look in: the one asked for and those the caller serves; None for all."""
    clinics = caller().clinics
    if not clinic_id:
        return None if clinics is ALL else clinics
    asked = UUID(clinic_id)
    return frozenset({asked} if caller().sees(asked) else ())
