"""The desk where money goes back: refunds, missed sessions and disputes as one service."""

import grpc

from chassis.auth import caller
from chassis.database import Database
from halcyon.billing.v1 import refund_service_pb2 as rpc
from halcyon.billing.v1.refund_service_pb2_grpc import RefundServiceServicer
from services.billing import store, wire
from services.billing.api.disputes import Disputes
from services.billing.api.missed import MissedSessions
from services.billing.api.refunds import Refunds


class RefundDesk(Refunds, MissedSessions, Disputes, RefundServiceServicer):
    """Everything that goes back goes by the terms of the clinic."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def UpdateClinicTerms(
        self, request: rpc.UpdateClinicTermsRequest, context: grpc.ServicerContext
    ) -> rpc.UpdateClinicTermsResponse:
        clinic_id, name = wire.clinic_terms(request)
        caller().must_serve(clinic_id)
        async with self._db.transaction() as tx:
            chosen = await store.set_terms(tx, clinic_id, name)
        return rpc.UpdateClinicTermsResponse(terms=chosen.label)
