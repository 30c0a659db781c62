"""The service in a test, asked by its calls' names."""

import dataclasses
from typing import Any
from uuid import uuid4

from chassis.auth import Principal
from chassis.testing import House, somebody
from halcyon.intake.v1 import intake_pb2 as nouns
from halcyon.intake.v1 import intake_service_pb2 as rpc
from halcyon.intake.v1 import scale_pb2 as scales
from halcyon.referral.events.v1.referral_events_pb2 import ReferralRouted
from services.intake import api
from services.intake.tests import examples as eg


def doctor(name: str) -> Principal:
    """Another prescriber of the Boston clinic."""
    return dataclasses.replace(BOSTON_DOCTOR, subject=name)


BOSTON_DOCTOR = somebody("prescriber", clinics=frozenset({eg.BOSTON}))
CHICAGO_DOCTOR = somebody("prescriber", clinics=frozenset({eg.CHICAGO}))


class Practice:
    """What a clinic does, one line a call."""

    def __init__(self, house: House) -> None:
        self.house, self.api = house, api.IntakeService(house.db)

    async def open(self, **changes: Any) -> str:
        routed: ReferralRouted = eg.routed(**changes)
        await self.house.given(routed)
        return str(eg.intake_id(routed))

    async def assess(
        self, intake_id: str, who: Principal = BOSTON_DOCTOR, **changes: Any
    ) -> nouns.Intake:
        request = rpc.RecordAssessmentRequest(
            intake_id=intake_id, assessment=eg.assessment(**changes)
        )
        return (await self.house.call(self.api.RecordAssessment, request, who)).intake

    async def approve(
        self, intake_id: str, who: Principal = BOSTON_DOCTOR, **wish: Any
    ) -> nouns.Intake:
        request = rpc.ApprovePlanRequest(intake_id=intake_id, **wish)
        return (await self.house.call(self.api.ApprovePlan, request, who)).intake

    async def decline(self, intake_id: str, who: Principal = BOSTON_DOCTOR) -> nouns.Intake:
        request = rpc.DeclineReferralRequest(
            intake_id=intake_id, reason=rpc.DECLINE_REASON_WRONG_SPECIALTY
        )
        return (await self.house.call(self.api.DeclineReferral, request, who)).intake

    async def get(self, who: Principal = BOSTON_DOCTOR, **by: str) -> nouns.Intake:
        return (await self.house.call(self.api.GetIntake, rpc.GetIntakeRequest(**by), who)).intake

    async def list(self, who: Principal = BOSTON_DOCTOR, **search: Any) -> rpc.ListIntakesResponse:
        return await self.house.call(self.api.ListIntakes, rpc.ListIntakesRequest(**search), who)

    async def rate(
        self, intake_id: str, scale: str, who: Principal = BOSTON_DOCTOR, **told: Any
    ) -> scales.Score:
        """`answers` from item 1 on, or a `total`."""
        given = enumerate(told.pop("answers", ()), 1)
        answers = [scales.ItemAnswer(item=item, value=value) for item, value in given]
        fields = {"request_id": str(uuid4())} | told
        request = scales.RecordScaleRequest(
            intake_id=intake_id, scale=scale, answers=answers, **fields
        )
        return (await self.house.call(self.api.RecordScale, request, who)).score

    async def scores(
        self, intake_id: str, who: Principal = BOSTON_DOCTOR, **search: Any
    ) -> scales.ListScoresResponse:
        request = scales.ListScoresRequest(intake_id=intake_id, **search)
        return await self.house.call(self.api.ListScores, request, who)
