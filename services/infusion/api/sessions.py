"""The calls about a session: translate, load, decide, record, reply."""

from typing import TypeAlias
from uuid import UUID

import grpc

from chassis import paging
from chassis.auth import ALL, caller
from chassis.database import Database, Tx
from halcyon.infusion.v1 import infusion_service_pb2 as rpc
from halcyon.infusion.v1.infusion_service_pb2_grpc import (
    InfusionServiceServicer,
    add_InfusionServiceServicer_to_server,
)
from services.infusion import domain, packs, store, wire

Context: TypeAlias = "grpc.aio.ServicerContext[object, object]"


def serve(server: grpc.aio.Server, db: Database) -> None:
    """Answer on this server."""
    add_InfusionServiceServicer_to_server(InfusionService(db), server)


class InfusionService(InfusionServiceServicer):
    """Answers from this database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def StartInfusion(
        self, request: rpc.StartInfusionRequest, context: Context
    ) -> rpc.StartInfusionResponse:
        async with self._db.transaction() as tx:
            visit = await _visible(tx, request.session_id)
            asked, earlier = wire.start(request), await store.earlier(tx, visit)
            order = await store.order_in_force(tx, visit.course.plan_id)
            visit, events = domain.start(visit, asked, earlier, order, (packs.current(), tx.now))
            store.record(tx, visit, events)
            await store.add_readings(tx, visit.session.session_id, [asked.baseline])
        return rpc.StartInfusionResponse(session=wire.session(visit, order))

    async def RecordVitals(
        self, request: rpc.RecordVitalsRequest, context: Context
    ) -> rpc.RecordVitalsResponse:
        readings = wire.readings(request.readings)
        async with self._db.transaction() as tx:
            session, infusion = await store.session(tx, UUID(request.session_id))
            _must_serve(session)
            domain.admit(session, infusion, readings, (packs.current(), tx.now))
            kept = (reading for _, reading in readings)
            recorded = await store.add_readings(tx, session.session_id, kept)
        return rpc.RecordVitalsResponse(recorded_count=recorded)

    async def CompleteInfusion(
        self, request: rpc.CompleteInfusionRequest, context: Context
    ) -> rpc.CompleteInfusionResponse:
        async with self._db.transaction() as tx:
            visit = await _visible(tx, request.session_id)
            extremes = await store.extremes(tx, visit.session.session_id)
            visit, events = domain.complete(visit, wire.end(request), extremes, tx.now)
            store.record(tx, visit, events)
        return rpc.CompleteInfusionResponse(session=wire.session(visit, None))

    async def GetSession(
        self, request: rpc.GetSessionRequest, context: Context
    ) -> rpc.GetSessionResponse:
        async with self._db.read() as tx:
            visit = await _visible(tx, request.session_id)
            order = await store.order_in_force(tx, visit.course.plan_id)
            readings = await store.readings(tx, visit.session.session_id)
        return rpc.GetSessionResponse(session=wire.session(visit, order, readings))

    async def ListSessions(
        self, request: rpc.ListSessionsRequest, context: Context
    ) -> rpc.ListSessionsResponse:
        question = store.Question(
            _scope(request.clinic_id),
            UUID(request.series_id) if request.series_id else None,
            wire.status(request),
            paging.after(request.page_token),
            paging.limit(request.page_size),
        )
        async with self._db.read() as tx:
            found = await store.listed(tx, question)
            orders = await store.orders_in_force(tx, {visit.course.plan_id for visit in found})
        page, token = paging.cut(found, request.page_size, _place)
        sessions = [wire.session(visit, orders.get(visit.course.plan_id)) for visit in page]
        return rpc.ListSessionsResponse(sessions=sessions, next_page_token=token)


async def _visible(tx: Tx, session_id: str) -> domain.Visit:
    visit = await store.get(tx, UUID(session_id))
    _must_serve(visit.session)
    return visit


def _must_serve(session: domain.Session) -> None:
    """Of another clinic's session not even the existence is told."""
    if not caller().sees(session.clinic_id):
        raise store.unknown()


def _scope(clinic_id: str) -> frozenset[UUID] | None:
    """The clinics to look in: the one asked for and those the caller serves; None for all."""
    clinics = caller().clinics
    if not clinic_id:
        return None if clinics is ALL else clinics
    asked = UUID(clinic_id)
    return frozenset({asked} if caller().sees(asked) else ())


def _place(visit: domain.Visit) -> tuple[object, object]:
    return visit.session.planned_start_time.isoformat(), visit.session.session_id
