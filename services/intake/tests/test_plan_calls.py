"""From a second opinion to a stopped series, on a real database."""

from datetime import timedelta
from typing import Any

import pytest

from chassis.auth import Principal
from chassis.mishaps import DatabaseFault
from chassis.refusal import Invalid, NotAllowed, NotFound
from halcyon.intake.v1 import eligibility_pb2 as eligibility
from halcyon.intake.v1 import intake_pb2 as nouns
from halcyon.intake.v1 import plan_pb2 as plans
from services.intake.tests import examples as eg
from services.intake.tests.practice import BOSTON_DOCTOR, CHICAGO_DOCTOR, Practice, doctor

SECOND = doctor("dr-jones")


async def ask(
    practice: Practice, name: str, intake_id: str, who: Principal = BOSTON_DOCTOR, **fields: Any
) -> Any:
    """Any call about one intake."""
    module = plans if hasattr(plans, f"{name}Request") else eligibility
    request = getattr(module, f"{name}Request")(intake_id=intake_id, **fields)
    return await practice.house.call(getattr(practice.api, name), request, who)


async def planned(practice: Practice, **wish: Any) -> tuple[Any, str]:
    routed = eg.routed()
    await practice.house.given(routed)
    intake_id = str(eg.intake_id(routed))
    await practice.assess(intake_id)
    await practice.approve(intake_id, **wish)
    await practice.house.stated()
    return routed, intake_id


async def test_an_assessment_explains_itself(practice: Practice) -> None:
    intake_id = await practice.open()
    await practice.assess(intake_id, codes=[f"{eg.ICD_10}|I25.10"], systolic=165)
    await practice.assess(intake_id, weight_grams=100000)
    first, second = (await ask(practice, "ListAssessments", intake_id)).assessments
    assert (first.number, second.number) == (1, 2)
    assert first.assessment == eg.assessment(codes=[f"{eg.ICD_10}|I25.10"], systolic=165)
    told = {flag.rule_id: list(flag.evidence) for flag in first.flags}
    assert told["systolic-pressure-high"] == ["systolic=165"]
    assert told["cardiac-history"] == [f"{eg.ICD_10}|I25.10"]
    assert all(flag.source for flag in first.flags)
    assert (first.measures["bmi"], second.measures["bmi"]) == (25, 36)
    assert second.pack == "halcyon-default@1"
    assert second.flags[0].rule_id == "obesity"
    with pytest.raises(DatabaseFault):
        await practice.house.db.fetch("UPDATE assessment SET findings = '[]'")


async def test_a_second_specialist_and_a_condition(practice: Practice) -> None:
    intake_id = await practice.open()
    await practice.assess(intake_id, codes=[f"{eg.ICD_10}|I25.10"])
    with pytest.raises(NotAllowed) as awaited:
        await practice.approve(intake_id, rationale="why")
    assert awaited.value.reason == "SECOND_REVIEWER_NEEDED"
    review: Any = {"rule_ids": ["cardiac-history"], "rationale": "seen the echo"}
    reviewed = (await ask(practice, "ReviewFindings", intake_id, SECOND, **review)).intake
    states = {flag.rule_id: flag.second_reviewer for flag in reviewed.flags}
    assert states["cardiac-history"] == nouns.SECOND_REVIEWER_AGREED
    assert states["hypertension-history"] == nouns.SECOND_REVIEWER_NOT_NEEDED
    decided = await ask(
        practice,
        "DecideEligibility",
        intake_id,
        outcome=nouns.ELIGIBILITY_OUTCOME_ELIGIBLE_WITH_CONDITIONS,
        conditions=["escort_named", "ecg_reviewed"],
        rationale="treat, watched",
    )
    assert list(decided.intake.eligibility.conditions) == ["escort_named", "ecg_reviewed"]
    plan = (await practice.approve(intake_id)).plan
    assert list(plan.conditions) == ["escort_named", "ecg_reviewed"]
    *_, stated, approved = await practice.house.stated()
    assert (stated.outcome, stated.revision) == ("eligible_with_conditions", 3)
    assert list(approved.conditions) == ["escort_named", "ecg_reviewed"]
    assert await practice.house.count("SELECT count(*) FROM finding_review") == 1


async def test_a_deferral_waits_for_another_word(practice: Practice) -> None:
    intake_id = await practice.open()
    await practice.assess(intake_id)
    outcome = nouns.ELIGIBILITY_OUTCOME_DEFERRED
    for day in ("2026-02-30", "2020-01-01", ""):
        with pytest.raises(Invalid):
            await ask(
                practice,
                "DecideEligibility",
                intake_id,
                outcome=outcome,
                defer_until_date=day,
                rationale="thyroid first",
            )
    deferral: Any = {"outcome": outcome, "defer_until_date": "2099-01-01", "rationale": "thyroid"}
    await ask(practice, "DecideEligibility", intake_id, **deferral)
    with pytest.raises(NotAllowed):
        await practice.approve(intake_id)
    told = await practice.get(intake_id=intake_id)
    assert told.eligibility.decided_by == "test"
    assert told.eligibility.defer_until_date == "2099-01-01"


async def test_an_individual_plan_comes_back_whole(practice: Practice) -> None:
    _, intake_id = await planned(
        practice,
        rationale="muscular",
        goal="Back to work.",
        weight_basis="lean_boer",
        infusion_minutes=60,
        kap=plans.KAP_WITH,
        antiemetic="ondansetron_iv",
    )
    plan = (await practice.get(intake_id=intake_id)).plan
    assert (plan.goal, plan.infusion_minutes, plan.kap) == ("Back to work.", 60, plans.KAP_WITH)
    assert (plan.antiemetic.drug, plan.antiemetic.amount, plan.antiemetic.unit) == (
        "ondansetron",
        "4",
        "mg",
    )
    assert (plan.dose.weight_basis, plan.dose.dose, plan.dose.unit) == ("lean_boer", "23.7", "mg")
    assert list(plan.dose.reasons) == ["starting_dose", "weight_override"]
    assert (plan.caps.soft_cap, plan.caps.hard_cap) == ("47.3", "71")
    assert (plan.signed_by, plan.dose.ordered_by, plan.version) == ("test", "test", 1)


async def test_a_dose_is_revised_signed_and_looked_back_at(practice: Practice) -> None:
    routed, intake_id = await planned(practice, rationale="why", dose_micrograms=70000)
    await practice.house.given(eg.completed(routed, 2))
    held, _ = await practice.house.stated()
    assert (held.direction, held.proposed_dose, held.percent_change) == ("hold", "77", "10.0")
    waiting = (await practice.get(intake_id=intake_id)).plan.proposal
    decision = {"session_id": waiting.session_id, "decision": plans.DOSE_DECISION_SIGNED}
    signed = (await ask(practice, "SignDose", intake_id, SECOND, **decision)).intake
    assert (signed.plan.dose.dose, signed.plan.HasField("proposal")) == ("77", False)
    revision = {"version": 1, "dose_micrograms": 60000, "infusion_minutes": 60, "rationale": "why"}
    revised = (await ask(practice, "RevisePlan", intake_id, SECOND, **revision)).intake
    assert (revised.plan.version, revised.plan.infusion_minutes) == (2, 60)
    orders = (await ask(practice, "ListDoseOrders", intake_id)).orders
    assert [(one.previous_dose, one.dose, one.ordered_by) for one in orders] == [
        ("", "70", "test"),
        ("70", "77", "dr-jones"),
        ("77", "60", "dr-jones"),
    ]
    up, again, down = await practice.house.stated()
    assert (up.direction, up.ordered_by, up.dose) == ("up", "prescriber", "77")
    assert (again.plan_version, again.infusion_minutes) == (2, 60)
    assert (down.direction, down.session_id, down.number) == ("down", "", 3)
    assert await practice.house.count("SELECT count(*) FROM plan_version") == 1


async def test_a_series_without_response_waits_is_seen_again_and_ends(practice: Practice) -> None:
    routed, intake_id = await planned(practice)
    await practice.house.given(eg.completed(routed, 4))
    assert [type(one).__name__ for one in await practice.house.stated()] == [
        "DoseAdjusted",
        "PlanPaused",
        "SafetyReviewed",
    ]
    with pytest.raises(NotAllowed):
        await ask(practice, "ResumePlan", intake_id, rationale="why")
    await practice.assess(intake_id, phq9_score=12)
    resumed = (await ask(practice, "ResumePlan", intake_id, rationale="better")).intake
    assert (resumed.plan.state, resumed.plan.version) == (plans.PLAN_STATE_ACTIVE, 2)
    stop: Any = {"reason": plans.STOP_REASON_PATIENT_DECLINED}
    stopped = (await ask(practice, "StopPlan", intake_id, **stop)).intake
    assert stopped.plan.state_reason == "patient_declined"
    assert await practice.get(intake_id=intake_id) == stopped
    names = [type(one).__name__ for one in await practice.house.stated()]
    assert names == ["AssessmentRecorded", "PlanResumed", "PlanStopped"]


async def test_the_past_counts_wherever_it_was(practice: Practice) -> None:
    routed, intake_id = await planned(practice)
    done = [
        eg.completed(routed, number, complete_time=eg.stamp(eg.NOON + timedelta(hours=number)))
        for number in (1, 2, 3)
    ]
    await practice.house.given(*done)
    there = await practice.open(patient_id=routed.patient_id, clinic_id=str(eg.CHICAGO))
    practice.house.db.travel(eg.NOON + timedelta(hours=9) - practice.house.db.clock())
    answer = await ask(practice, "CheckSafety", there, CHICAGO_DOCTOR)
    assert answer.given_count == 3
    assert [flag.rule_id for flag in answer.flags] == [
        "sessions-in-7-days",
        "bladder-screen-due",
        "dependence-flags-due",
    ]
    with pytest.raises(NotFound):
        await ask(practice, "CheckSafety", intake_id, CHICAGO_DOCTOR)
    await practice.assess(there, CHICAGO_DOCTOR, weight_date="2026-11-23", height_date="2026-11-23")
    with pytest.raises(NotAllowed) as refused:
        await practice.approve(there, CHICAGO_DOCTOR)
    assert refused.value.reason == "SAFETY_RULE_BROKEN"


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("ListAssessments", {}),
        ("ReviewFindings", {"rule_ids": ["x"], "rationale": "why"}),
        ("DecideEligibility", {"outcome": nouns.ELIGIBILITY_OUTCOME_ELIGIBLE}),
        ("SignDose", {"session_id": str(eg.BOSTON), "decision": plans.DOSE_DECISION_SIGNED}),
        ("RevisePlan", {"version": 1, "rationale": "why"}),
        ("ResumePlan", {"rationale": "why"}),
        ("StopPlan", {"reason": plans.STOP_REASON_SAFETY}),
        ("ListDoseOrders", {}),
    ],
)
async def test_a_stranger_finds_nothing(
    practice: Practice, name: str, fields: dict[str, Any]
) -> None:
    intake_id = await practice.open()
    with pytest.raises(NotFound) as refused:
        await ask(practice, name, intake_id, CHICAGO_DOCTOR, **fields)
    assert refused.value.reason == "INTAKE_NOT_FOUND"
