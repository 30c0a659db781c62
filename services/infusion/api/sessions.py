"""Sessions as they are read, and the whole service put together."""

from uuid import UUID

import grpc

from chassis import paging
from chassis.database import Database
from halcyon.infusion.v1 import infusion_service_pb2 as rpc
from halcyon.infusion.v1 import monitoring_calls_pb2 as calls
from halcyon.infusion.v1.infusion_service_pb2_grpc import (
    add_InfusionServiceServicer_to_server,
)
from services.infusion import domain, store, wire
from services.infusion.api.desk import Context, scope, visible
from services.infusion.api.gating import Gating
from services.infusion.api.leaving import Leaving
from services.infusion.api.monitoring import Monitoring
from services.infusion.api.pumping import Pumping


def serve(server: grpc.aio.Server, db: Database) -> None:
    """Answer on this server."""
    add_InfusionServiceServicer_to_server(InfusionService(db), server)


class InfusionService(Gating, Pumping, Monitoring, Leaving):
    """Answers from this database."""

    async def GetSession(
        self, request: rpc.GetSessionRequest, context: Context
    ) -> rpc.GetSessionResponse:
        async with self._db.read() as tx:
            visit = await visible(tx, request.session_id)
            order = await store.order_in_force(tx, visit.course.plan_id)
            readings = await store.readings_of(tx, visit)
        return rpc.GetSessionResponse(session=wire.session(visit, order, readings))

    async def GetSessionRecord(
        self, request: calls.GetSessionRecordRequest, context: Context
    ) -> calls.GetSessionRecordResponse:
        async with self._db.read() as tx:
            visit = await visible(tx, request.session_id)
            record = await store.whole(tx, visit)
        return wire.record(visit, record, tx.now)

    async def ListSessions(
        self, request: rpc.ListSessionsRequest, context: Context
    ) -> rpc.ListSessionsResponse:
        question = store.Question(
            scope(request.clinic_id),
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


def _place(visit: domain.Visit) -> tuple[object, object]:
    return visit.session.planned_start_time.isoformat(), visit.session.session_id
