"""Eligibility: decisions, second opinions, the patient's past; tables, no database."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.refusal import Invalid, NotAllowed
from services.intake import domain
from services.intake.domain import eligibility, scoring, starting, weighing
from services.intake.domain.weighing import Basis, Body
from services.intake.tests import examples as eg
from services.intake.tests.examples import NOON, PACK

Outcome = domain.EligibilityOutcome
CARDIAC = (f"{eg.ICD_10}|I25.10",)


def assessed(**changes: Any) -> domain.Intake:
    opened, _ = domain.open_for(eg.need(), None, eg.policy(), domain.NO_PAST, NOON)
    return domain.record_assessment(opened, eg.found(**changes), eg.policy(), NOON)[0]


def wish(**changes: Any) -> domain.Wish:
    return domain.Wish(**{"rationale": "weighed", "signed_by": "dr-smith"} | changes)


def approve(intake: domain.Intake, past: domain.Record = domain.NO_PAST, **changes: Any) -> Any:
    return domain.approve_plan(intake, wish(**changes), eg.policy(), past, NOON)


# --- decisions --------------------------------------------------------------------------------


def decision(outcome: Outcome = Outcome.ELIGIBLE, **changes: Any) -> domain.Eligibility:
    return domain.Eligibility(outcome, **{"rationale": "why", "decided_by": "dr-smith"} | changes)


LATER = date(2026, 12, 7)


def test_a_decision_is_stated_once_and_may_be_replaced() -> None:
    deferred = decision(Outcome.DEFERRED, defer_until=LATER)
    intake, (stated,) = domain.decide(assessed(), deferred, NOON)
    assert stated == domain.EligibilityDecided(intake, deferred)
    assert domain.decide(intake, deferred, NOON + timedelta(hours=1)) == (intake, ())
    with pytest.raises(NotAllowed) as refused:
        approve(intake)
    assert refused.value.reason == "DEFERRED"
    eligible, _ = domain.decide(intake, decision(), NOON)
    assert approve(eligible)[0].status is domain.Status.PLANNED
    again, _ = domain.record_assessment(intake, eg.found(systolic=130), eg.policy(), NOON)
    assert again.eligibility is None


def test_conditions_come_with_the_plan() -> None:
    wanted = decision(Outcome.ELIGIBLE_WITH_CONDITIONS, conditions=("escort_named",))
    intake, _ = domain.decide(assessed(), wanted, NOON)
    planned, _ = approve(intake)
    assert domain.particulars(planned, planned.plan).conditions == ("escort_named",)
    assert planned.eligibility.outcome is Outcome.ELIGIBLE_WITH_CONDITIONS


def test_signing_a_plan_is_the_decision_where_none_was_taken() -> None:
    planned, _ = approve(assessed())
    assert planned.eligibility == domain.Eligibility(
        Outcome.ELIGIBLE, rationale="weighed", decided_by="dr-smith"
    )


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        (decision(conditions=("escort_named",)), ["conditions"]),
        (decision(Outcome.ELIGIBLE_WITH_CONDITIONS), ["conditions"]),
        (
            decision(Outcome.ELIGIBLE_WITH_CONDITIONS, conditions=("be_happy",)),
            ["conditions"],
        ),
        (decision(Outcome.DEFERRED), ["defer_until_date"]),
        (decision(defer_until=LATER), ["defer_until_date"]),
        (decision(Outcome.DEFERRED, defer_until=NOON.date()), ["defer_until_date"]),
        (decision(Outcome.DEFERRED, defer_until=LATER, rationale=" "), ["rationale"]),
    ],
)
def test_a_decision_leaves_nothing_open(wanted: domain.Eligibility, fields: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        domain.decide(assessed(), wanted, NOON)
    assert [fault.field for fault in refused.value.violations] == fields


def test_nobody_is_eligible_against_a_block_or_before_an_assessment() -> None:
    with pytest.raises(NotAllowed):
        domain.decide(assessed(systolic=190), decision(), NOON)
    blocked = decision(Outcome.DEFERRED, defer_until=LATER)
    assert domain.decide(assessed(systolic=190), blocked, NOON)[0].eligibility == blocked
    opened, _ = domain.open_for(eg.need(), None, eg.policy(), domain.NO_PAST, NOON)
    with pytest.raises(NotAllowed):
        domain.decide(opened, decision(), NOON)
    planned, _ = approve(assessed())
    with pytest.raises(NotAllowed):
        domain.decide(planned, blocked, NOON)


# --- the second specialist --------------------------------------------------------------------


def opinion(*rule_ids: str, by: str = "dr-jones") -> domain.SecondOpinion:
    return domain.SecondOpinion(rule_ids, by, "seen the echo")


def test_a_finding_that_asks_for_it_needs_somebody_else() -> None:
    intake = assessed(physical_codes=CARDIAC)
    with pytest.raises(NotAllowed) as refused:
        approve(intake)
    assert (refused.value.reason, refused.value.metadata) == (
        "SECOND_REVIEWER_NEEDED",
        {"rules": "cardiac-history"},
    )
    alone, _ = domain.review(intake, opinion("cardiac-history", by="dr-smith"), NOON)
    assert eligibility.awaited(alone, "dr-smith") == ("cardiac-history",)
    agreed, (kept,) = domain.review(alone, opinion("cardiac-history"), NOON)
    assert isinstance(kept, domain.FindingsReviewed)
    assert domain.review(agreed, opinion("cardiac-history"), NOON) == (agreed, ())
    assert approve(agreed)[0].plan is not None
    again, _ = domain.record_assessment(
        agreed, eg.found(physical_codes=CARDIAC, systolic=130), eg.policy(), NOON
    )
    assert again.agreed == ()


def test_only_what_asks_for_it_is_reviewed() -> None:
    with pytest.raises(Invalid):
        domain.review(assessed(physical_codes=CARDIAC), opinion("hypertension-history"), NOON)
    planned, _ = approve(assessed())
    with pytest.raises(NotAllowed):
        domain.review(planned, opinion("cardiac-history"), NOON)


# --- what a plan needs ------------------------------------------------------------------------


def test_an_old_weight_is_measured_again() -> None:
    intake = assessed()
    late = NOON + timedelta(days=8)
    with pytest.raises(NotAllowed) as refused:
        domain.approve_plan(intake, wish(), eg.policy(), domain.NO_PAST, late)
    assert refused.value.reason == "MEASURES_OUTDATED"


@pytest.mark.parametrize(
    ("body", "basis", "grams"),
    [
        (Body("male", 70000, 1750), Basis.IDEAL_DEVINE, 70000),
        (Body("female", 110000, 1650), Basis.ACTUAL, 110000),
        (Body("female", 110000, 1650), Basis.IDEAL_DEVINE, 56909),
        (Body("female", 110000, 1650), Basis.ADJUSTED, 78146),
        (Body("male", 150000, 1800), Basis.ADJUSTED, 104995),
        (Body("male", 150000, 1800), Basis.LEAN_BOER, 89910),
        (Body("female", 110000, 1650), Basis.LEAN_BOER, 57465),
        (Body("unknown", 110000, 1650), Basis.LEAN_BOER, 57465),
        (Body("female", 100000, 800), Basis.LEAN_BOER, 20000),
    ],
)
def test_the_weight_of_each_basis(body: Body, basis: Basis, grams: int) -> None:
    found = weighing.dosing_weight(PACK.dosing.weighing, body, basis)
    assert (found.grams, found.basis) == (grams, basis)


@given(
    st.sampled_from(["female", "male", "unknown"]),
    st.integers(20_000, 400_000),
    st.integers(800, 2600),
    st.none() | st.sampled_from(Basis),
)
def test_no_basis_weighs_more_than_the_patient(
    sex: str, grams: int, height: int, basis: Basis | None
) -> None:
    found = weighing.dosing_weight(PACK.dosing.weighing, Body(sex, grams, height), basis)
    assert 20_000 <= found.grams <= grams


def earlier(outcome: str, per_kg: int | None = None) -> domain.Earlier:
    return domain.Earlier(domain.EarlierOutcome[outcome], per_kg)


@pytest.mark.parametrize(
    ("age", "course", "dose", "reasons"),
    [
        (41, earlier("NONE"), 35000, ()),
        (41, earlier("HELPED", 700), 49000, ("earlier_response",)),
        (41, earlier("HELPED", 900), 52500, ("earlier_response",)),
        (41, earlier("HELPED", 50), 7000, ("earlier_response",)),
        (41, earlier("HELPED"), 35000, ()),
        (41, earlier("NO_EFFECT", 500), 35000, ()),
        (41, earlier("NOT_TOLERATED", 700), 21000, ("earlier_intolerance",)),
        (70, earlier("HELPED", 700), 28000, ("earlier_response", "older_age")),
        (70, earlier("NOT_TOLERATED"), 21000, ("earlier_intolerance", "older_age")),
    ],
)
def test_the_first_dose_follows_age_and_the_earlier_course(
    age: int, course: domain.Earlier, dose: int, reasons: tuple[str, ...]
) -> None:
    found = starting.start(PACK.dosing, age, 70000, course)
    assert (found.micrograms, found.reasons) == (dose, ("starting_dose", *reasons))


# --- the patient's past -----------------------------------------------------------------------


def past(*days: float, scores: tuple[domain.Score, ...] = ()) -> domain.Record:
    """Sessions so many days before noon."""
    sessions = [
        domain.Given(uuid4(), uuid4(), UUID(int=9), eg.BOSTON, NOON - timedelta(days=day), 35000)
        for day in days
    ]
    return domain.Record(tuple(sessions), scores)


def answered(scale: str, answers: dict[int, int], moment: datetime = NOON) -> domain.Score:
    rating = scoring.score(PACK.scales[scale], answers)
    place = uuid4(), uuid4(), UUID(int=9), eg.BOSTON, scale, rating
    return domain.Score(*place, domain.Origin.RECORDED, moment, PACK.label)


BLADDER = answered("bladder", {1: 0, 2: 0, 3: 0})
OLD_BLADDER = answered("bladder", {1: 0, 2: 0, 3: 0}, NOON - timedelta(days=31))
BAD_BLADDER = answered("bladder", {1: 4, 2: 4, 3: 4})
CALM = answered("dependence", dict.fromkeys(range(1, 7), 0))


@pytest.mark.parametrize(
    ("record", "rules"),
    [
        (past(40, scores=(BLADDER, CALM)), ""),
        (past(1, 3, 6, scores=(BLADDER, CALM)), "sessions-in-7-days,sessions-in-30-days"),
        (past(8, 10, 12, 14, scores=(BLADDER, CALM)), "sessions-in-30-days"),
        (
            past(*range(31, 61, 5), scores=(BLADDER, CALM)),
            "sessions-in-90-days",
        ),
        (past(40), "bladder-screen-due,dependence-flags-due"),
        (
            past(40, scores=(OLD_BLADDER, CALM)),
            "bladder-screen-due",
        ),
        (
            past(scores=(answered("dependence", {**dict.fromkeys(range(1, 7), 0), 6: 1}),)),
            "dependence-flags",
        ),
    ],
)
def test_a_plan_that_breaks_a_longitudinal_rule_is_refused(
    record: domain.Record, rules: str
) -> None:
    if not rules:
        assert approve(assessed(), record)[0].plan
        return
    with pytest.raises(NotAllowed) as refused:
        approve(assessed(), record)
    assert (refused.value.reason, refused.value.metadata) == (
        "SAFETY_RULE_BROKEN",
        {"rules": rules},
    )


def test_symptoms_ask_for_a_reason() -> None:
    record = past(scores=(answered("bladder", {1: 3, 2: 3, 3: 0}),))
    with pytest.raises(Invalid):
        approve(assessed(), record, rationale="")
    assert approve(assessed(), record)[0].plan


@pytest.mark.parametrize(
    "record",
    [
        past(40),
        past(1, 2, 3, scores=(BLADDER, CALM)),
        past(scores=(BAD_BLADDER,)),
    ],
)
def test_a_standing_order_does_not_speak_for_a_past_that_must_be_weighed(
    record: domain.Record,
) -> None:
    intake, _ = domain.open_for(eg.need(), None, eg.STANDING, record, NOON)
    assert intake.plan is None
    calm = past(40, scores=(BLADDER, CALM))
    assert domain.open_for(eg.need(), None, eg.STANDING, calm, NOON)[0].plan
