"""What every call about a session begins with: the session, if the caller may know of it."""

from typing import TypeAlias
from uuid import UUID

import grpc

from chassis.auth import ALL, caller
from chassis.database import Database, Tx
from halcyon.infusion.v1.infusion_service_pb2_grpc import InfusionServiceServicer
from services.infusion import domain, store
from services.infusion.api.bells import Bells
from services.infusion.api.monitor import Monitor, monitor

Context: TypeAlias = "grpc.aio.ServicerContext[object, object]"


class Desk(InfusionServiceServicer):
    """The database, and what is shared by the calls of one process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._monitor: Monitor = monitor(db)
        self._bells = Bells(db)


async def visible(tx: Tx, session_id: str) -> domain.Visit:
    """Of another clinic's session not even the existence is told."""
    visit = await store.get(tx, UUID(session_id))
    if not caller().sees(visit.session.clinic_id):
        raise store.unknown()
    return visit


def scope(clinic_id: str) -> frozenset[UUID] | None:
    """The clinics to look in: the one asked for and those the caller serves; None for all."""
    clinics = caller().clinics
    if not clinic_id:
        return None if clinics is ALL else clinics
    asked = UUID(clinic_id)
    return frozenset({asked} if caller().sees(asked) else ())
