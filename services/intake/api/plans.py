"""What callers may ask of a plan that stands: sign a dose, revise, resume, stop, look back."""

from uuid import UUID

from chassis.auth import caller
from chassis.database import Database
from halcyon.intake.v1 import intake_service_pb2 as rpc
from halcyon.intake.v1 import plan_pb2 as plans
from halcyon.intake.v1.intake_service_pb2_grpc import IntakeServiceServicer
from services.intake import domain, store, wire
from services.intake.api.seeing import Context, visible


class Plans(IntakeServiceServicer):
    """One plan after the other."""

    _db: Database

    async def SignDose(
        self, request: plans.SignDoseRequest, context: Context
    ) -> rpc.SignDoseResponse:
        async with self._db.transaction() as tx:
            intake = await visible(tx, UUID(request.intake_id))
            session_id, signed_by = wire.signature(request, caller().subject)
            intake, events = domain.sign_dose(intake, session_id, signed_by, tx.now)
            store.record(tx, intake, events)
        return rpc.SignDoseResponse(intake=wire.intake(intake))

    async def RevisePlan(
        self, request: plans.RevisePlanRequest, context: Context
    ) -> rpc.RevisePlanResponse:
        async with self._db.transaction() as tx:
            intake = await visible(tx, UUID(request.intake_id))
            asked = wire.revision(request, caller().subject)
            intake, events = domain.revise(intake, asked, tx.now)
            store.record(tx, intake, events)
        return rpc.RevisePlanResponse(intake=wire.intake(intake))

    async def ResumePlan(
        self, request: plans.ResumePlanRequest, context: Context
    ) -> rpc.ResumePlanResponse:
        async with self._db.transaction() as tx:
            intake = await visible(tx, UUID(request.intake_id))
            who = caller().subject
            intake, events = domain.resume(intake, request.rationale, who, tx.now)
            store.record(tx, intake, events)
        return rpc.ResumePlanResponse(intake=wire.intake(intake))

    async def StopPlan(
        self, request: plans.StopPlanRequest, context: Context
    ) -> rpc.StopPlanResponse:
        async with self._db.transaction() as tx:
            intake = await visible(tx, UUID(request.intake_id))
            intake, events = domain.stop(intake, wire.stop_reason(request), tx.now)
            store.record(tx, intake, events)
        return rpc.StopPlanResponse(intake=wire.intake(intake))

    async def ListDoseOrders(
        self, request: plans.ListDoseOrdersRequest, context: Context
    ) -> plans.ListDoseOrdersResponse:
        async with self._db.read() as tx:
            intake = await visible(tx, UUID(request.intake_id))
            orders = await store.orders_of(tx, intake)
        return plans.ListDoseOrdersResponse(orders=map(wire.change, orders))
