"""What callers may ask of an intake itself: assess, approve, decline, look."""

from uuid import UUID

from chassis import paging
from chassis.auth import caller
from chassis.database import Database
from halcyon.intake.v1 import intake_service_pb2 as rpc
from halcyon.intake.v1.intake_service_pb2_grpc import IntakeServiceServicer
from services.intake import domain, store, wire
from services.intake.api.seeing import Context, scope, visible


class Intakes(IntakeServiceServicer):
    """One intake after the other."""

    _db: Database

    async def RecordAssessment(
        self, request: rpc.RecordAssessmentRequest, context: Context
    ) -> rpc.RecordAssessmentResponse:
        async with self._db.transaction() as tx:
            intake = await visible(tx, UUID(request.intake_id))
            policy = await store.policy(tx, intake.need.clinic_id)
            found = wire.assessment(request.assessment, caller().subject)
            past = await store.record_of(tx, intake.need.patient_id)
            intake, events = domain.record_assessment(intake, found, policy, tx.now)
            intake, events = domain.review_safety(intake, past, events, tx.now)
            store.record(tx, intake, events)
        return rpc.RecordAssessmentResponse(intake=wire.intake(intake))

    async def ApprovePlan(
        self, request: rpc.ApprovePlanRequest, context: Context
    ) -> rpc.ApprovePlanResponse:
        async with self._db.transaction() as tx:
            intake = await visible(tx, UUID(request.intake_id))
            policy = await store.policy(tx, intake.need.clinic_id)
            past = await store.record_of(tx, intake.need.patient_id)
            wish = wire.wish(request, caller().subject)
            intake, events = domain.approve_plan(intake, wish, policy, past, tx.now)
            store.record(tx, intake, events)
        return rpc.ApprovePlanResponse(intake=wire.intake(intake))

    async def DeclineReferral(
        self, request: rpc.DeclineReferralRequest, context: Context
    ) -> rpc.DeclineReferralResponse:
        async with self._db.transaction() as tx:
            intake = await visible(tx, UUID(request.intake_id))
            intake, events = domain.decline(intake, wire.decline_reason(request), tx.now)
            store.record(tx, intake, events)
        return rpc.DeclineReferralResponse(intake=wire.intake(intake))

    async def GetIntake(
        self, request: rpc.GetIntakeRequest, context: Context
    ) -> rpc.GetIntakeResponse:
        async with self._db.read() as tx:
            intake = await visible(tx, wire.entity_id(request))
        return rpc.GetIntakeResponse(intake=wire.intake(intake))

    async def ListIntakes(
        self, request: rpc.ListIntakesRequest, context: Context
    ) -> rpc.ListIntakesResponse:
        question = store.Question(
            scope(request.clinic_id),
            wire.status(request),
            paging.after(request.page_token),
            paging.limit(request.page_size),
        )
        async with self._db.read() as tx:
            found = await store.listed(tx, question)
        page, token = paging.cut(found, request.page_size, _place)
        return rpc.ListIntakesResponse(intakes=map(wire.intake, page), next_page_token=token)


def _place(intake: domain.Intake) -> tuple[object, object]:
    return intake.open_time.isoformat(), intake.intake_id
