"""Questionnaires over time, on a real database."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from chassis.mishaps import DatabaseFault
from chassis.refusal import AlreadyExists, Invalid, NotAllowed, NotFound
from chassis.testing import somebody
from halcyon.intake.events.v1.intake_events_pb2 import DoseAdjusted
from halcyon.intake.v1 import intake_pb2 as nouns
from halcyon.intake.v1 import scale_pb2 as scales
from services.intake.tests import examples as eg
from services.intake.tests.practice import CHICAGO_DOCTOR, Practice


async def test_a_questionnaire_is_rated_and_kept(practice: Practice) -> None:
    intake_id, request_id = await practice.open(), str(uuid4())
    told: dict[str, Any] = {"answers": [3, 3, 2, 2, 1, 1, 1, 1, 0], "request_id": request_id}
    score = await practice.rate(intake_id, "phq9", **told)
    assert (score.total, score.band, score.pack) == (14, "moderate", "halcyon-default@1")
    assert (score.prorating, score.origin) == (
        scales.PRORATING_NONE,
        scales.SCORE_ORIGIN_RECORDED,
    )
    assert await practice.rate(intake_id, "phq9", **told) == score
    with pytest.raises(AlreadyExists):
        await practice.rate(intake_id, "phq9", total=14, request_id=request_id)
    referral, kept = (await practice.scores(intake_id)).scores
    assert kept == score
    assert (referral.total, referral.origin) == (18, scales.SCORE_ORIGIN_REFERRAL)
    (row,) = await practice.house.db.fetch("SELECT recorded_by, items FROM scale_score")
    assert (row["recorded_by"], len(row["items"])) == ("test", 9)


async def test_a_bad_questionnaire_changes_nothing(practice: Practice) -> None:
    intake_id = await practice.open()
    before = await practice.get(intake_id=intake_id)
    for scale, told in (
        ("phq9", {"answers": [4] * 9}),
        ("phq9", {"total": 28}),
        ("phq9", {"total": 3, "measure_time": eg.stamp(eg.NOON + timedelta(days=9999))}),
    ):
        with pytest.raises(Invalid):
            await practice.rate(intake_id, scale, **told)
    for who, asked in ((CHICAGO_DOCTOR, intake_id), (CHICAGO_DOCTOR, str(uuid4()))):
        with pytest.raises(NotFound):
            await practice.rate(asked, "phq9", who, total=3)
        with pytest.raises(NotFound):
            await practice.scores(asked, who)
    assert await practice.get(intake_id=intake_id) == before
    assert await practice.house.count("SELECT count(*) FROM scale_score") == 0


async def test_change_is_told_against_the_score_before_the_first_infusion(
    practice: Practice,
) -> None:
    routed = eg.routed()
    await practice.house.given(routed)
    intake_id = str(eg.intake_id(routed))
    await practice.assess(intake_id)
    await practice.approve(intake_id)
    await practice.house.given(eg.completed(routed, 1, phq9_score=16))
    await practice.house.given(eg.completed(routed, 2, phq9_score=9))
    told = [one for one in await practice.house.stated() if isinstance(one, DoseAdjusted)]
    assert [fact.direction for fact in told] == ["hold", "hold"]
    scores = (await practice.scores(intake_id, scale="phq9")).scores
    session = [one for one in scores if one.origin == scales.SCORE_ORIGIN_SESSION]
    assert [(one.total, one.percent_change) for one in session] == [(16, ""), (9, "43.8")]
    assert session[-1].outcome == scales.SCORE_OUTCOME_NO_RESPONSE


async def test_a_risky_answer_stops_the_plan_until_the_screener_is_answered(
    practice: Practice,
) -> None:
    intake_id = await practice.open()
    await practice.assess(intake_id)
    await practice.rate(intake_id, "phq9", answers=[0] * 8 + [1])
    asked = (await practice.get(intake_id=intake_id)).suicide_risk
    assert (asked.step, asked.level) == (nouns.RISK_STEP_OPEN, "")
    with pytest.raises(NotAllowed) as refused:
        await practice.approve(intake_id)
    assert refused.value.metadata == {"rules": "suicide-risk-open"}
    await practice.rate(intake_id, "cssrs", answers=[1, 1, 0, 1, 0, 0, 0])
    with pytest.raises(NotAllowed) as blocked:
        await practice.approve(intake_id)
    assert blocked.value.metadata == {"rules": "suicide-risk-high"}
    *_, stated = await practice.house.stated()
    assert (stated.level, stated.HasField("block_until_time")) == ("high", True)
    practice.house.db.travel(timedelta(hours=25))
    assert (await practice.approve(intake_id)).status == nouns.INTAKE_STATUS_PLANNED


async def test_scores_page_by_page_and_clinic_by_clinic(practice: Practice) -> None:
    patient_id = str(uuid4())
    here = await practice.open(patient_id=patient_id)
    there = await practice.open(patient_id=patient_id, clinic_id=str(eg.CHICAGO))
    for total in (9, 8, 7):
        await practice.rate(here, "gad7", total=total)
    await practice.rate(there, "gad7", CHICAGO_DOCTOR, total=1)
    first = await practice.scores(here, scale="gad7", page_size=2)
    rest = await practice.scores(here, scale="gad7", page_size=2, page_token=first.next_page_token)
    assert [one.total for one in (*first.scores, *rest.scores)] == [9, 8, 7]
    assert not rest.next_page_token
    everywhere = await practice.scores(here, somebody("prescriber"), scale="gad7")
    assert len(everywhere.scores) == 4


async def test_a_score_is_never_changed(practice: Practice) -> None:
    await practice.rate(await practice.open(), "gad7", total=9)
    with pytest.raises(DatabaseFault):
        await practice.house.db.fetch("UPDATE scale_score SET total = 1")
