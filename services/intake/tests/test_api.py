"""What callers may ask of intake, on a real database."""

from uuid import UUID, uuid4

import pytest

from chassis.refusal import Invalid, NotAllowed, NotFound
from chassis.testing import somebody
from halcyon.intake.v1 import intake_pb2 as nouns
from services.intake import store
from services.intake.tests import examples as eg
from services.intake.tests.practice import CHICAGO_DOCTOR, Practice


async def test_from_assessment_to_plan(practice: Practice) -> None:
    intake_id = await practice.open()
    assessed = await practice.assess(intake_id, systolic=165)
    assert assessed.status == nouns.INTAKE_STATUS_ASSESSED
    assert assessed.assessment == eg.assessment(systolic=165)
    assert [flag.rule_id for flag in assessed.flags] == [
        "systolic-pressure-high",
        "hypertension-history",
    ]
    planned = await practice.approve(intake_id, rationale="Treated, will be seen again.")
    assert planned.status == nouns.INTAKE_STATUS_PLANNED
    assert planned.plan.sessions_per_week == [3, 2, 1, 1, 1]
    assert (planned.plan.dose.dose_micrograms, planned.plan.dose.weight_basis) == (35000, "actual")
    assert await practice.approve(intake_id, rationale="Again.") == planned
    assert await practice.get(intake_id=intake_id) == planned
    assert await practice.get(referral_id=planned.referral_id) == planned
    stated = await practice.house.stated()
    assert [(type(fact).__name__, fact.revision) for fact in stated] == [
        ("IntakeOpened", 1),
        ("AssessmentRecorded", 2),
        ("PlanApproved", 3),
    ]
    assert stated[1].flagged_rules == ["systolic-pressure-high", "hypertension-history"]


async def test_an_assessment_is_replaced_before_a_decision(practice: Practice) -> None:
    intake_id = await practice.open()
    first = await practice.assess(intake_id)
    assert await practice.assess(intake_id) == first
    second = await practice.assess(intake_id, phq9_score=11)
    assert (second.revision, second.assessment.present_state.phq9_score) == (3, 11)
    assert await practice.get(intake_id=intake_id) == second


async def test_a_dose_of_the_prescribers_own(practice: Practice) -> None:
    intake_id = await practice.open()
    await practice.assess(intake_id)
    with pytest.raises(Invalid) as unexplained:
        await practice.approve(intake_id, dose_micrograms=50000)
    assert [fault.field for fault in unexplained.value.violations] == ["rationale"]
    with pytest.raises(Invalid) as too_much:
        await practice.approve(intake_id, dose_micrograms=120001, rationale="why")
    assert too_much.value.reason == "DOSE_OUT_OF_RANGE"
    planned = await practice.approve(intake_id, dose_micrograms=50000, rationale="why")
    assert planned.plan.dose.dose_micrograms == 50000
    assert list(planned.plan.dose.reasons) == ["starting_dose", "prescriber_override"]


async def test_a_blocked_treatment(practice: Practice) -> None:
    intake_id = await practice.open()
    await practice.assess(intake_id, codes=["halcyon|psychosis"])
    with pytest.raises(NotAllowed) as blocked:
        await practice.approve(intake_id, rationale="why")
    assert blocked.value.reason == "TREATMENT_BLOCKED"
    assert blocked.value.metadata == {"rules": "psychosis"}


async def test_a_declined_referral_stays_declined(practice: Practice) -> None:
    intake_id = await practice.open()
    declined = await practice.decline(intake_id)
    assert declined.status == nouns.INTAKE_STATUS_DECLINED
    assert await practice.decline(intake_id) == declined
    *_, stated = await practice.house.stated()
    assert (stated.reason, stated.revision) == ("wrong_specialty", 2)
    with pytest.raises(NotAllowed):
        await practice.approve(intake_id)


async def test_the_clinics_default_schedule(practice: Practice) -> None:
    await practice.house.call(practice.api.UpdateClinicPolicy, eg.standing_order())
    intake_id = await practice.open(age_years=72)
    await practice.assess(intake_id)
    planned = await practice.approve(intake_id, rationale="fit")
    assert (planned.plan.schedule, planned.plan.dose.dose_micrograms) == (
        "six_in_three_weeks",
        28000,
    )


async def test_a_policy_of_another_clinic_or_schedule(practice: Practice) -> None:
    director = somebody("medical_director", clinics=frozenset({eg.CHICAGO}))
    with pytest.raises(NotFound) as clinic:
        await practice.house.call(
            practice.api.UpdateClinicPolicy, eg.standing_order(eg.BOSTON), director
        )
    assert clinic.value.reason == "CLINIC_NOT_FOUND"
    request = eg.standing_order(eg.CHICAGO)
    first = await practice.house.call(practice.api.UpdateClinicPolicy, request, director)
    assert first.policy.pack == "halcyon-default@1"
    request.policy.pack = first.policy.pack
    assert first.policy == request.policy
    request.policy.schedule = "gone"
    with pytest.raises(NotFound) as schedule:
        await practice.house.call(practice.api.UpdateClinicPolicy, request, director)
    assert schedule.value.reason == "PROTOCOL_NOT_FOUND"
    request.policy.schedule, request.policy.approval = "six_in_two_weeks", nouns.APPROVAL_SPECIALIST
    await practice.house.call(practice.api.UpdateClinicPolicy, request, director)
    kept = await practice.house.db.fetch("SELECT approval, schedule, pack FROM clinic_policy")
    assert [tuple(row) for row in kept] == [("specialist", "six_in_two_weeks", "halcyon-default@1")]


async def test_another_clinics_intake_does_not_exist(practice: Practice) -> None:
    intake_id = await practice.open()
    refusals = []
    for asked in (intake_id, str(uuid4())):
        for call in (practice.assess, practice.approve, practice.decline):
            with pytest.raises(NotFound) as refused:
                await call(asked, who=CHICAGO_DOCTOR)
            refusals.append((refused.value.reason, refused.value.message))
        with pytest.raises(NotFound) as refused:
            await practice.get(CHICAGO_DOCTOR, intake_id=asked)
        refusals.append((refused.value.reason, refused.value.message))
    assert set(refusals) == {("INTAKE_NOT_FOUND", "No such intake.")}
    assert not (await practice.list(CHICAGO_DOCTOR)).intakes
    assert not (await practice.list(CHICAGO_DOCTOR, clinic_id=str(eg.BOSTON))).intakes


async def test_an_intake_known_only_by_its_withdrawal_is_not_shown(practice: Practice) -> None:
    routed = eg.routed()
    await practice.house.given(eg.cancelled(routed))
    with pytest.raises(NotFound):
        await practice.get(referral_id=routed.referral_id)
    assert not (await practice.list()).intakes


async def test_the_queue_page_by_page(practice: Practice) -> None:
    opened = [await practice.open() for _ in range(5)]
    await practice.open(clinic_id=str(eg.CHICAGO))
    await practice.assess(opened[3])
    await practice.approve(opened[3])
    seen: list[str] = []
    page = await practice.list(page_size=2)
    while True:
        seen += [intake.intake_id for intake in page.intakes]
        if not page.next_page_token:
            break
        page = await practice.list(page_size=2, page_token=page.next_page_token)
    assert seen == opened
    planned = (await practice.list(status=nouns.INTAKE_STATUS_PLANNED)).intakes
    assert list(planned) == [await practice.get(intake_id=opened[3])]
    assert len((await practice.list(somebody("nurse"))).intakes) == 6
    with pytest.raises(Invalid):
        await practice.list(page_token="WyJhIiwiYiJd")


async def test_a_page_of_intakes_is_read_in_three_queries(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        intake_id = await practice.open()
        await practice.assess(intake_id)
        await practice.approve(intake_id)
    async with practice.house.db.read() as tx:
        question = store.Question(None, None, None, 50)
        monkeypatch.setattr(type(tx.driver), "fetchrow", None)
        found = await store.listed(tx, question)
    assert len([intake.plan for intake in found if intake.plan]) == 3
    assert all(isinstance(intake.intake_id, UUID) for intake in found)
