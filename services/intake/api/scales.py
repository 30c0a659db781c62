"""What callers may ask of rating scales: record one, see them over time."""

from uuid import UUID

from chassis import paging
from chassis.auth import caller
from chassis.database import Database
from halcyon.intake.v1 import scale_pb2 as rpc
from halcyon.intake.v1.intake_service_pb2_grpc import IntakeServiceServicer
from services.intake import domain, store, wire
from services.intake.api.seeing import Context, scope, visible


class Scales(IntakeServiceServicer):
    """One questionnaire after the other."""

    _db: Database

    async def RecordScale(
        self, request: rpc.RecordScaleRequest, context: Context
    ) -> rpc.RecordScaleResponse:
        async with self._db.transaction() as tx:
            intake = await visible(tx, UUID(request.intake_id))
            zone = (await store.policy(tx, intake.need.clinic_id)).zone
            told = wire.questionnaire(request, caller().subject)
            existing = await store.find_score(tx, domain.recorded_id(intake.intake_id, told))
            intake, score, events = domain.record_scale(intake, existing, told, tx.now, zone)
            past = await store.record_of(tx, intake.need.patient_id)
            intake, events = domain.review_safety(intake, past, events, tx.now)
            store.record(tx, intake, events)
            kept = await store.scores_of_patient(tx, intake, scope())
        (compared,) = domain.compared(intake, kept, (score,))
        return rpc.RecordScaleResponse(score=wire.score(compared))

    async def ListScores(
        self, request: rpc.ListScoresRequest, context: Context
    ) -> rpc.ListScoresResponse:
        async with self._db.read() as tx:
            intake = await visible(tx, UUID(request.intake_id))
            kept = await store.scores_of_patient(tx, intake, scope())
        asked = [score for score in kept if request.scale in ("", score.scale)]
        page, token = paging.cut(
            domain.later(asked, paging.after(request.page_token)), request.page_size, _place
        )
        told = map(wire.score, domain.compared(intake, kept, page))
        return rpc.ListScoresResponse(scores=told, next_page_token=token)


def _place(score: domain.Score) -> tuple[object, object]:
    return score.measure_time.isoformat(), score.score_id
