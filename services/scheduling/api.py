"""What callers may ask of scheduling."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import grpc

from chassis import paging
from chassis.auth import ALL, caller
from chassis.database import Database
from chassis.principal import Scope
from chassis.refusal import NotFound
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from halcyon.scheduling.v1.scheduling_service_pb2_grpc import (
    SchedulingServiceServicer,
    add_SchedulingServiceServicer_to_server,
)
from services.scheduling import domain, store, wire

Context = grpc.aio.ServicerContext[Any, Any]
_DAY_PAGE = 200


def serve(server: grpc.aio.Server, db: Database) -> None:
    """Answer on this server."""
    add_SchedulingServiceServicer_to_server(SchedulingService(db), server)


class SchedulingService(SchedulingServiceServicer):
    """Clinics and series."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def UpdateClinic(
        self, request: rpc.UpdateClinicRequest, context: Context
    ) -> rpc.UpdateClinicResponse:
        wanted = wire.clinic_wanted(request.clinic)
        if "operator" not in caller().roles:
            _must_see_clinic(wanted.clinic_id)
        async with self._db.transaction() as tx:
            known = await store.lock_clinic(tx, wanted.clinic_id)
            owned = await store.owned(tx, wanted)
            clinic, events = domain.update(known, wanted, owned, tx.now)
            await store.record_clinic(tx, clinic, events)
        return rpc.UpdateClinicResponse(clinic=wire.clinic_reply(clinic))

    async def GetClinic(
        self, request: rpc.GetClinicRequest, context: Context
    ) -> rpc.GetClinicResponse:
        clinic_id = UUID(request.clinic_id)
        if not _sees_every_clinic():
            _must_see_clinic(clinic_id)
        async with self._db.read() as tx:
            clinic = await store.get_clinic(tx, clinic_id)
        return rpc.GetClinicResponse(clinic=wire.clinic_reply(clinic))

    async def ListClinics(
        self, request: rpc.ListClinicsRequest, context: Context
    ) -> rpc.ListClinicsResponse:
        after = paging.position(request.page_token, 2)
        only = None if _sees_every_clinic() else _own_clinics()
        async with self._db.read() as tx:
            found = await store.list_clinics(
                tx, paging.limit(request.page_size), wire.name_key(after), only
            )
        page, token = paging.cut(found, request.page_size, lambda one: (one.name, one.clinic_id))
        clinics = [wire.clinic_reply(one) for one in page]
        return rpc.ListClinicsResponse(clinics=clinics, next_page_token=token)

    async def GetSeries(
        self, request: rpc.GetSeriesRequest, context: Context
    ) -> rpc.GetSeriesResponse:
        async with self._db.read() as tx:
            if request.series_id:
                series, bookings = await store.read_series(tx, UUID(request.series_id))
            else:
                series, bookings = await store.read_series_of(tx, UUID(request.referral_id))
        _must_see(series)
        return rpc.GetSeriesResponse(series=wire.series_reply(series, bookings))

    async def ListDay(self, request: rpc.ListDayRequest, context: Context) -> rpc.ListDayResponse:
        clinic_id, day = UUID(request.clinic_id), wire.day_of(request.day)
        _must_see_clinic(clinic_id)
        size = request.page_size or _DAY_PAGE
        after = wire.day_key(paging.position(request.page_token, 3))
        async with self._db.read() as tx:
            clinic = await store.get_clinic(tx, clinic_id)
            found = await store.list_day(tx, clinic, day, paging.limit(size), after)
        page, token = paging.cut(found, size, lambda one: one.key)
        bookings = [wire.booking_reply(one) for one in page]
        return rpc.ListDayResponse(bookings=bookings, next_page_token=token)

    async def HoldSeries(
        self, request: rpc.HoldSeriesRequest, context: Context
    ) -> rpc.HoldSeriesResponse:
        series_id = UUID(request.series_id)
        async with self._db.transaction() as tx:
            await store.open_desks(tx, await store.clinics_of(tx, [series_id]), careful=True)
            series = await store.get(tx, series_id)
            _must_see(series)
            cancelled = await store.is_cancelled(tx, series.plan.referral_id)
            if domain.wants_times(series, cancelled=cancelled):
                found = domain.must_be_free(await store.claim_places(tx, series))
                store.record(tx, *domain.hold_or_wait(series, found, tx.now))
        async with self._db.read() as tx:
            kept, bookings = await store.read_series(tx, series_id)
        return rpc.HoldSeriesResponse(series=wire.series_reply(kept, bookings))


def _sees_every_clinic() -> bool:
    return bool(caller().roles & {"referrer", "operator"}) or caller().clinics is ALL


def _own_clinics() -> Collection[UUID]:
    clinics = caller().clinics
    return () if isinstance(clinics, Scope) else clinics


def _must_see_clinic(clinic_id: UUID) -> None:
    if not caller().sees(clinic_id):
        raise NotFound("CLINIC_NOT_FOUND", "No such clinic.")


def _must_see(series: domain.Series) -> None:
    if not caller().sees(series.plan.clinic_id):
        raise NotFound("SERIES_NOT_FOUND", "No such series.")
