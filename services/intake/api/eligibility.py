"""What callers may ask about eligibility: why, who else agrees, what is decided, what is safe."""

from uuid import UUID

from chassis.auth import caller
from chassis.database import Database
from halcyon.intake.v1 import eligibility_pb2 as rpc
from halcyon.intake.v1.intake_service_pb2_grpc import IntakeServiceServicer
from services.intake import domain, store, wire
from services.intake.api.seeing import Context, visible


class Eligibility(IntakeServiceServicer):
    """One decision after the other."""

    _db: Database

    async def ListAssessments(
        self, request: rpc.ListAssessmentsRequest, context: Context
    ) -> rpc.ListAssessmentsResponse:
        async with self._db.read() as tx:
            intake = await visible(tx, UUID(request.intake_id))
            found = await store.assessments_of(tx, intake)
            told = [wire.assessed(one, await store.pack(tx, one.pack)) for one in found]
        return rpc.ListAssessmentsResponse(assessments=told)

    async def ReviewFindings(
        self, request: rpc.ReviewFindingsRequest, context: Context
    ) -> rpc.ReviewFindingsResponse:
        async with self._db.transaction() as tx:
            intake = await visible(tx, UUID(request.intake_id))
            opinion = wire.opinion(request, caller().subject)
            intake, events = domain.review(intake, opinion, tx.now)
            store.record(tx, intake, events)
        return rpc.ReviewFindingsResponse(intake=wire.intake(intake))

    async def DecideEligibility(
        self, request: rpc.DecideEligibilityRequest, context: Context
    ) -> rpc.DecideEligibilityResponse:
        async with self._db.transaction() as tx:
            intake = await visible(tx, UUID(request.intake_id))
            decision = wire.decision(request, caller().subject)
            zone = (await store.policy(tx, intake.need.clinic_id)).zone
            intake, events = domain.decide(intake, decision, tx.now, zone)
            store.record(tx, intake, events)
        return rpc.DecideEligibilityResponse(intake=wire.intake(intake))

    async def CheckSafety(
        self, request: rpc.CheckSafetyRequest, context: Context
    ) -> rpc.CheckSafetyResponse:
        async with self._db.read() as tx:
            intake = await visible(tx, UUID(request.intake_id))
            past = await store.record_of(tx, intake.need.patient_id)
            policy = await store.policy(tx, intake.need.clinic_id)
        coming = [policy.day(moment) for moment in wire.moments(request) or [tx.now]]
        found = domain.cautions(intake.pack, past, coming, tx.now, policy.zone)
        told = map(wire.caution, found)
        return rpc.CheckSafetyResponse(flags=told, given_count=len(past.sessions))
