"""Which clinics and series a caller may see; the others do not exist for this caller."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import grpc

from chassis.auth import ALL, caller
from chassis.database import Database
from chassis.principal import Scope
from chassis.refusal import NotFound
from halcyon.scheduling.v1.scheduling_service_pb2_grpc import SchedulingServiceServicer
from services.scheduling import domain

Context = grpc.aio.ServicerContext[Any, Any]


class Calls(SchedulingServiceServicer):
    """A group of methods over one database."""

    def __init__(self, db: Database) -> None:
        self._db = db


def sees_every_clinic() -> bool:
    """Whether the caller may look at any clinic."""
    return bool(caller().roles & {"referrer", "operator"}) or sees_all()


def sees_all() -> bool:
    """Whether every clinic is the caller's own."""
    return caller().clinics is ALL


def own_clinics() -> Collection[UUID]:
    """The clinics a caller belongs to."""
    clinics = caller().clinics
    return () if isinstance(clinics, Scope) else clinics


def must_see_clinic(clinic_id: UUID) -> None:
    """Refuse as if the clinic did not exist."""
    if not caller().sees(clinic_id):
        raise NotFound("CLINIC_NOT_FOUND", "No such clinic.")


def must_see(series: domain.Series) -> domain.Series:
    """Refuse as if the series did not exist."""
    if not caller().sees(series.plan.clinic_id):
        raise NotFound("SERIES_NOT_FOUND", "No such series.")
    return series
