"""What becomes of a plan that stands: signatures, versions, review points, pauses, the end."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.refusal import Invalid, NotAllowed
from services.intake import domain
from services.intake.tests import examples as eg
from services.intake.tests.examples import NOON, PACK


def assessed(**changes: Any) -> domain.Intake:
    opened, _ = domain.open_for(eg.need(), None, eg.policy(), domain.NO_PAST, NOON)
    return domain.record_assessment(opened, eg.found(**changes), eg.policy(), NOON)[0]


def planned(dose: int | None = None, **individual: Any) -> domain.Intake:
    wish = domain.Wish(None, dose, "why", domain.Individual(**individual), "dr-smith")
    return domain.approve_plan(assessed(), wish, eg.policy(), domain.NO_PAST, NOON)[0]


def plan_of(intake: domain.Intake) -> domain.Plan:
    assert intake.plan
    return intake.plan


def after(intake: domain.Intake, number: int, **changes: Any) -> domain.Intake:
    told = eg.response(plan_of(intake).plan_id, intake.need.referral_id, number, **changes)
    return domain.adjust(intake, domain.NO_PAST, told, NOON)[0]


# --- a dose that waits for a signature --------------------------------------------------------


def waiting() -> domain.Intake:
    """At the soft cap, and hardly better."""
    intake = after(planned(70000), 2)
    assert plan_of(intake).proposed
    return intake


def test_beyond_the_limits_a_dose_waits_for_a_signature() -> None:
    intake = waiting()
    plan = plan_of(intake)
    assert plan.proposed == domain.Proposed(
        77000, ("weak_response", "needs_signature"), eg.response(plan.plan_id, uuid4()).session_id
    )
    assert plan.dose.dose_micrograms == 70000
    signed, (stated,) = domain.sign_dose(intake, plan.proposed.session_id, "dr-jones", NOON)
    order = plan_of(signed).dose
    assert (order.dose_micrograms, order.previous_micrograms) == (77000, 70000)
    assert (order.ordered_by, order.reasons[-1], order.number) == ("dr-jones", "signed", 2)
    assert isinstance(stated, domain.DoseAdjusted)
    assert (stated.direction, stated.by_person) == (domain.Direction.UP, True)
    with pytest.raises(NotAllowed):
        domain.sign_dose(signed, plan.proposed.session_id, "dr-jones", NOON)


def test_a_refused_proposal_leaves_the_dose() -> None:
    intake = waiting()
    proposed = plan_of(intake).proposed
    assert proposed
    refused, events = domain.sign_dose(intake, proposed.session_id, None, NOON)
    assert events == ()
    assert plan_of(refused) == replace(plan_of(intake), proposed=None)


def test_only_the_proposal_seen_is_signed_and_the_next_session_replaces_it() -> None:
    intake = waiting()
    with pytest.raises(NotAllowed) as refused:
        domain.sign_dose(intake, uuid4(), "dr-jones", NOON)
    assert refused.value.reason == "NO_PROPOSAL"
    assert plan_of(after(intake, 3, lowest_moaas=2)).proposed is None


# --- versions ---------------------------------------------------------------------------------


def revision(**changes: Any) -> domain.Revision:
    fields: dict[str, Any] = {"version": 1, "revised_by": "dr-jones", "rationale": "why"}
    return domain.Revision(**fields | changes)


def test_a_revision_is_the_next_version() -> None:
    intake = planned()
    asked = revision(dose_micrograms=42000, infusion_minutes=60, kap=True)
    revised, (kept, stated, adjusted) = domain.revise(intake, asked, NOON)
    plan = plan_of(revised)
    assert (plan.version, plan.individual.infusion_minutes, plan.individual.kap) == (2, 60, True)
    assert isinstance(kept, domain.PlanSuperseded)
    assert isinstance(stated, domain.PlanRevised)
    assert (kept.plan, stated.plan) == (plan_of(intake), plan)
    assert (stated.intake.revision, revised.revision) == (4, 5)
    assert isinstance(adjusted, domain.DoseAdjusted)
    assert (adjusted.previous_micrograms, plan.dose.dose_micrograms) == (35000, 42000)
    assert domain.revise(revised, asked, NOON) == (revised, ())
    with pytest.raises(NotAllowed) as stale:
        domain.revise(revised, revision(infusion_minutes=70), NOON)
    assert stale.value.reason == "PLAN_NOT_ACTIVE"


def test_a_revision_without_a_dose_states_no_dose() -> None:
    _, events = domain.revise(planned(), revision(antiemetic="ondansetron_iv"), NOON)
    assert [type(one) for one in events] == [domain.PlanSuperseded, domain.PlanRevised]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"dose_micrograms": 105100}, "DOSE_OUT_OF_RANGE"),
        ({"dose_micrograms": 6999}, "DOSE_OUT_OF_RANGE"),
        ({"infusion_minutes": 39}, "INVALID_PLAN"),
        ({"infusion_minutes": 101}, "INVALID_PLAN"),
        ({"antiemetic": "gone"}, "INVALID_PLAN"),
    ],
)
def test_a_revision_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        domain.revise(planned(), revision(**changes), NOON)
    assert refused.value.reason == reason


@given(st.lists(st.integers(-1, 200_000), max_size=8))
def test_no_revision_leaves_the_caps(doses: list[int]) -> None:
    intake = planned()
    for dose in doses:
        asked = revision(version=plan_of(intake).version, dose_micrograms=dose)
        try:
            intake, _ = domain.revise(intake, asked, NOON)
        except Invalid:
            assert not 7000 <= dose <= 105_000
        assert 7000 <= plan_of(intake).dose.dose_micrograms <= 105_000


# --- what a plan says in full -----------------------------------------------------------------


def test_a_plan_says_everything() -> None:
    intake = planned(infusion_minutes=60, kap=True, antiemetic="ondansetron_iv")
    full = domain.particulars(intake, plan_of(intake))
    assert (full.infusion_minutes, full.antiemetic.micrograms) == (60, 4000)
    assert domain.caps(intake, plan_of(intake)) == domain.Caps(7000, 70000, 105000)
    assert (full.review_after, full.sessions) == ((4, 8), 8)
    assert full.monitoring.pressure_every_minutes == 5
    assert full.monitoring_reasons == ("hypertension-history",)
    plain = intake._replace(flags=())
    assert domain.particulars(plain, plan_of(plain)).monitoring.pressure_every_minutes == 10


# --- review points ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "score", "state"),
    [
        (3, 18, domain.State.ACTIVE),
        (4, 18, domain.State.PAUSED),
        (4, 15, domain.State.PAUSED),
        (4, 14, domain.State.ACTIVE),
        (4, 4, domain.State.ACTIVE),
        (4, None, domain.State.ACTIVE),
        (8, 18, domain.State.PAUSED),
    ],
)
def test_without_a_response_the_series_waits(
    number: int, score: int | None, state: domain.State
) -> None:
    intake = after(planned(), number, phq9_score=score)
    assert plan_of(intake).state is state
    if state is domain.State.PAUSED:
        later = after(intake, number + 1)
        assert (later.plan, later.revision) == (intake.plan, intake.revision)


def paused() -> domain.Intake:
    return after(planned(), 4)


def test_a_paused_plan_goes_on_after_a_new_assessment() -> None:
    intake = paused()
    with pytest.raises(NotAllowed) as refused:
        domain.resume(intake, "why", "dr-smith", NOON)
    assert refused.value.reason == "REASSESSMENT_NEEDED"
    seen, (stated, *_) = domain.record_assessment(intake, eg.found(), eg.policy(), NOON)
    assert isinstance(stated, domain.AssessmentRecorded)
    assert (seen.status, seen.assessment_number) == (domain.Status.PLANNED, 2)
    assert domain.record_assessment(seen, eg.found(), eg.policy(), NOON) == (seen, ())
    resumed, (kept, said) = domain.resume(seen, "why", "dr-jones", NOON)
    assert isinstance(kept, domain.PlanSuperseded)
    assert said == domain.PlanResumed(resumed, plan_of(resumed))
    assert (plan_of(resumed).state, plan_of(resumed).version) == (domain.State.ACTIVE, 2)
    assert domain.resume(resumed, "why", "dr-jones", NOON) == (resumed, ())
    blocked, _ = domain.record_assessment(intake, eg.found(systolic=190), eg.policy(), NOON)
    with pytest.raises(NotAllowed):
        domain.resume(blocked, "why", "dr-smith", NOON)


def test_a_second_specialist_is_asked_again_before_a_plan_goes_on() -> None:
    found = eg.found(physical_codes=(f"{eg.ICD_10}|I25.10",))
    seen, _ = domain.record_assessment(paused(), found, eg.policy(), NOON)
    with pytest.raises(NotAllowed) as refused:
        domain.resume(seen, "why", "dr-smith", NOON)
    assert refused.value.reason == "SECOND_REVIEWER_NEEDED"
    opinion = domain.SecondOpinion(("cardiac-history",), "dr-jones", "seen the echo")
    agreed, _ = domain.review(seen, opinion, NOON)
    assert plan_of(domain.resume(agreed, "why", "dr-smith", NOON)[0]).state is domain.State.ACTIVE


def test_a_stopped_plan_is_over() -> None:
    intake, (stated,) = domain.stop(paused(), "non_response", NOON)
    assert stated == domain.PlanStopped(intake, plan_of(intake))
    assert domain.stop(intake, "non_response", NOON) == (intake, ())
    for call in (
        lambda: domain.stop(intake, "goal_reached", NOON),
        lambda: domain.resume(intake, "why", "dr-smith", NOON),
        lambda: domain.revise(intake, revision(kap=True), NOON),
        lambda: domain.sign_dose(intake, UUID(int=1), "dr-smith", NOON),
    ):
        with pytest.raises(NotAllowed):
            call()
    for call in (
        lambda: domain.stop(assessed(), "non_response", NOON),
        lambda: domain.resume(assessed(), "why", "dr-smith", NOON),
    ):
        with pytest.raises(NotAllowed):
            call()


def test_another_plan_is_not_the_one_that_stands() -> None:
    intake = planned(kap=True)
    for own in (domain.Individual(kap=True), domain.AS_THE_PACK_SAYS):
        same = domain.Wish(None, None, "why", own, "dr-smith")
        assert domain.approve_plan(intake, same, eg.policy(), domain.NO_PAST, NOON) == (intake, ())
    other = domain.Wish(None, None, "why", domain.Individual(infusion_minutes=60), "dr-smith")
    with pytest.raises(NotAllowed):
        domain.approve_plan(intake, other, eg.policy(), domain.NO_PAST, NOON)


def test_the_pack_knows_who_signs_above_the_soft_cap() -> None:
    order = plan_of(planned(77000)).dose
    assert order.reasons == ("starting_dose", "prescriber_override", "above_soft_cap")
    assert PACK.dosing.soft_cap_per_kg * 70 < order.dose_micrograms
