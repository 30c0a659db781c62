"""What callers may ask of intake."""

from typing import TypeAlias
from uuid import UUID

import grpc

from chassis import paging
from chassis.auth import ALL, caller
from chassis.database import Database, Tx
from chassis.refusal import NotFound
from halcyon.intake.v1 import intake_service_pb2 as rpc
from halcyon.intake.v1.intake_service_pb2_grpc import (
    IntakeServiceServicer,
    add_IntakeServiceServicer_to_server,
)
from services.intake import domain, packs, store, wire

Context: TypeAlias = "grpc.aio.ServicerContext[object, object]"


def serve(server: grpc.aio.Server, db: Database) -> None:
    """Answer on this server."""
    add_IntakeServiceServicer_to_server(IntakeService(db), server)


class IntakeService(IntakeServiceServicer):
    """Answers from this database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def RecordAssessment(
        self, request: rpc.RecordAssessmentRequest, context: Context
    ) -> rpc.RecordAssessmentResponse:
        async with self._db.transaction() as tx:
            intake = await _visible(tx, UUID(request.intake_id))
            found = wire.assessment(request.assessment)
            intake, events = domain.record_assessment(intake, found, packs.current(), tx.now)
            store.record(tx, intake, events)
        return rpc.RecordAssessmentResponse(intake=wire.intake(intake))

    async def ApprovePlan(
        self, request: rpc.ApprovePlanRequest, context: Context
    ) -> rpc.ApprovePlanResponse:
        async with self._db.transaction() as tx:
            intake = await _visible(tx, UUID(request.intake_id))
            policy = await store.policy(tx, intake.need.clinic_id)
            intake, events = domain.approve_plan(intake, wire.wish(request), policy, tx.now)
            store.record(tx, intake, events)
        return rpc.ApprovePlanResponse(intake=wire.intake(intake))

    async def DeclineReferral(
        self, request: rpc.DeclineReferralRequest, context: Context
    ) -> rpc.DeclineReferralResponse:
        async with self._db.transaction() as tx:
            intake = await _visible(tx, UUID(request.intake_id))
            intake, events = domain.decline(intake, wire.decline_reason(request), tx.now)
            store.record(tx, intake, events)
        return rpc.DeclineReferralResponse(intake=wire.intake(intake))

    async def GetIntake(
        self, request: rpc.GetIntakeRequest, context: Context
    ) -> rpc.GetIntakeResponse:
        async with self._db.read() as tx:
            intake = await _visible(tx, wire.entity_id(request))
        return rpc.GetIntakeResponse(intake=wire.intake(intake))

    async def ListIntakes(
        self, request: rpc.ListIntakesRequest, context: Context
    ) -> rpc.ListIntakesResponse:
        question = store.Question(
            _scope(request.clinic_id),
            wire.status(request),
            paging.after(request.page_token),
            paging.limit(request.page_size),
        )
        async with self._db.read() as tx:
            found = await store.listed(tx, question)
        page, token = paging.cut(found, request.page_size, _place)
        return rpc.ListIntakesResponse(intakes=map(wire.intake, page), next_page_token=token)

    async def UpdateClinicPolicy(
        self, request: rpc.UpdateClinicPolicyRequest, context: Context
    ) -> rpc.UpdateClinicPolicyResponse:
        policy = wire.policy(request.policy)
        if not caller().sees(policy.clinic_id):
            raise NotFound("CLINIC_NOT_FOUND", "No such clinic.")
        packs.current().schedule(policy.schedule)
        async with self._db.transaction() as tx:
            await store.set_policy(tx, policy)
        return rpc.UpdateClinicPolicyResponse(policy=wire.policy_reply(policy))


async def _visible(tx: Tx, intake_id: UUID) -> domain.Intake:
    """An intake of a clinic that the caller serves; of others not even the existence is told."""
    intake = await store.get(tx, intake_id)
    if not caller().sees(intake.need.clinic_id):
        raise store.unknown()
    return intake


def _scope(clinic_id: str) -> frozenset[UUID] | None:
    """The clinics to look in: the one asked for and those the caller serves; None for all."""
    clinics = caller().clinics
    if not clinic_id:
        return None if clinics is ALL else clinics
    asked = UUID(clinic_id)
    return frozenset({asked} if caller().sees(asked) else ())


def _place(intake: domain.Intake) -> tuple[object, object]:
    return intake.open_time.isoformat(), intake.intake_id
