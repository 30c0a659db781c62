"""The pack says which scale drives the dose: the PHQ-9 of each session, or one recorded between."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid5

import pytest

from services.intake import domain, packs
from services.intake.domain.record import Given, Record
from services.intake.domain.scale import PHQ9
from services.intake.domain.scores import Occasion, Origin, Score, score_of
from services.intake.domain.scoring import rated
from services.intake.tests import examples as eg
from services.intake.tests.examples import NOON

_TEXT = packs.shipped()[packs.CURRENT][1].content


def by(scale: str) -> domain.Pack:
    return packs.read(_TEXT.replace("{value: phq9, source", f"{{value: {scale}, source"))


def planned(pack: domain.Pack) -> domain.Intake:
    policy = replace(eg.policy(), pack=pack)
    opened, _ = domain.open_for(eg.need(), None, policy, domain.NO_PAST, NOON)
    assessed, _ = domain.record_assessment(opened, eg.found(), policy, NOON)
    wish = domain.Wish(rationale="why", signed_by="doctor")
    return domain.approve_plan(assessed, wish, policy, domain.NO_PAST, NOON)[0]


def taken(intake: domain.Intake, scale: str, total: int, at: datetime) -> Score:
    occasion = Occasion(Origin.RECORDED, at.isoformat(), at)
    return score_of(intake, scale, rated(intake.pack.scale(scale), total), occasion)


def decided(
    intake: domain.Intake, number: int, scores: Sequence[Score], phq9: int | None = 18
) -> tuple[str, str, tuple[str, ...]]:
    """What a session decides after those before it, each a day after the other."""
    assert intake.plan
    need, plan_id = intake.need, intake.plan.plan_id
    earlier = tuple(
        Given(
            uuid5(plan_id, f"session/{one}"),
            intake.intake_id,
            need.patient_id,
            need.clinic_id,
            NOON + timedelta(days=one),
            35000,
        )
        for one in range(1, number)
    )
    response = eg.response(plan_id, need.referral_id, number, phq9_score=phq9)
    begun = intake._replace(treated_since=NOON + timedelta(days=1))
    _, events = domain.adjust(begun, Record(earlier, tuple(scores)), response, NOON)
    (adjusted,) = [one for one in events if isinstance(one, domain.DoseAdjusted)]
    return adjusted.direction.value, adjusted.percent_change, adjusted.reasons


HOURS = timedelta(hours=1)


@pytest.mark.parametrize(
    ("scale", "before", "after", "direction", "reason"),
    [
        ("madrs", 40, 38, "up", "weak_response"),
        ("madrs", 40, 28, "hold", "partial_response"),
        ("madrs", 40, 20, "hold", "response"),
        ("madrs", 40, 10, "hold", "remission"),
        ("qids_sr16", 20, 18, "up", "weak_response"),
        ("qids_sr16", 20, 5, "hold", "remission"),
    ],
)
def test_the_scale_of_the_pack_moves_the_dose(
    scale: str, before: int, after: int, direction: str, reason: str
) -> None:
    intake = planned(by(scale))
    scores = [
        taken(intake, scale, before, NOON),
        taken(intake, scale, after, NOON + timedelta(days=1) + 6 * HOURS),
    ]
    moved, percent, reasons = decided(intake, 2, scores, phq9=1)
    assert (moved, reason in reasons) == (direction, True)
    assert percent == f"{100 * (before - after) / before:.1f}"


def test_an_old_score_says_nothing_of_the_infusion_before() -> None:
    intake = planned(by("madrs"))
    scores = [taken(intake, "madrs", 40, NOON)]
    assert decided(intake, 2, scores)[2] == ("no_score",)
    scores.append(taken(intake, "madrs", 39, NOON + timedelta(days=1) + HOURS))
    assert decided(intake, 2, scores)[0] == "up"
    assert decided(intake, 3, scores)[2] == ("no_score",)
    scores.append(taken(intake, "madrs", 39, NOON + timedelta(days=4)))
    assert decided(intake, 3, scores)[2] == ("no_score",)


def test_non_response_is_judged_by_the_same_scale() -> None:
    intake = planned(by("madrs"))
    assert intake.plan
    scores = [
        taken(intake, "madrs", 40, NOON),
        taken(intake, "madrs", 39, NOON + timedelta(days=3) + HOURS),
    ]
    need = intake.need
    before = Given(
        uuid5(intake.plan.plan_id, "session/3"), intake.intake_id, need.patient_id,
        need.clinic_id, NOON + timedelta(days=3), 35000,
    )  # fmt: skip
    response = eg.response(intake.plan.plan_id, need.referral_id, 4, phq9_score=1)
    begun = intake._replace(treated_since=NOON + timedelta(days=1))
    _, events = domain.adjust(begun, Record((before,), tuple(scores)), response, NOON)
    assert any(isinstance(one, domain.PlanPaused) for one in events)


def test_what_comes_with_a_session_is_always_a_phq9() -> None:
    """Of a referral, of an assessment and of a session, whatever drives the dose."""
    intake = planned(by("madrs"))
    (told,) = domain.told_by_referral(intake)
    assert (told.scale, told.rating.total) == (PHQ9, 18)
    assert intake.plan
    response = eg.response(intake.plan.plan_id, intake.need.referral_id, 1, phq9_score=27)
    _, events = domain.adjust(intake, domain.NO_PAST, response, NOON)
    (kept,) = [one.score for one in events if isinstance(one, domain.ScoreTaken)]
    assert (kept.scale, kept.rating.total, kept.rating.band) == (PHQ9, 27, "severe")
