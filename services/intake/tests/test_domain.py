"""What is true of an intake: tables of rules, and properties that hold for every patient."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.refusal import Invalid, NotAllowed, NotFound, Reject
from services.intake import domain
from services.intake.domain import dosing, risk, screening, starting, titration, weighing
from services.intake.tests import examples as eg
from services.intake.tests.examples import BOSTON, NOON, PACK

# --- dosing -----------------------------------------------------------------------------------


def weigh(need: domain.Need) -> weighing.DosingWeight:
    body = weighing.Body(need.sex_at_birth, need.weight_grams, need.height_millimetres)
    return weighing.dosing_weight(PACK.dosing.weighing, body)


def first(age: int, grams: int) -> int:
    return starting.start(PACK.dosing, age, grams, starting.Earlier()).micrograms


@pytest.mark.parametrize(
    ("body", "weight", "dose"),
    [
        (("male", 1750, 70000), ("actual", 70000), 35000),
        (("female", 1650, 110000), ("ideal_devine", 56909), 28500),
        (("male", 1800, 150000), ("ideal_devine", 74992), 37500),
        (("unknown", 1800, 150000), ("ideal_devine", 70492), 35200),
        (("female", 1650, 81674), ("actual", 81674), 40800),
        (("female", 1650, 81675), ("ideal_devine", 56909), 28500),
        (("female", 1400, 70000), ("ideal_devine", 45500), 22800),
        (("female", 1000, 31000), ("actual", 31000), 15500),
    ],
)
def test_the_starting_dose_of_the_published_vectors(
    body: tuple[str, int, int], weight: tuple[str, int], dose: int
) -> None:
    sex, height, grams = body
    need = eg.need(sex_at_birth=sex, height_millimetres=height, weight_grams=grams)
    found = weigh(need)
    assert (found.basis.value, found.grams) == weight
    assert first(41, found.grams) == dose


@pytest.mark.parametrize(("age", "dose"), [(18, 35000), (64, 35000), (65, 28000), (90, 28000)])
def test_older_patients_start_lower(age: int, dose: int) -> None:
    assert first(age, 70000) == dose


def test_the_specialists_weight_replaces_the_referrers() -> None:
    intake = domain.record_assessment(opened(), eg.found(weight_grams=60000), eg.policy(), NOON)[0]
    planned, _ = domain.approve_plan(intake, domain.Wish(), eg.policy(), domain.NO_PAST, NOON)
    assert planned.plan
    assert planned.plan.dose.dosing_weight_grams == 60000


bodies = st.builds(
    eg.need,
    age_years=st.integers(0, 120),
    sex_at_birth=st.sampled_from(["female", "male", "unknown"]),
    weight_grams=st.integers(20_000, 400_000),
    height_millimetres=st.integers(800, 2600),
    phq9_score=st.none() | st.integers(0, 27),
)


@settings(deadline=None)
@given(bodies)
def test_no_starting_dose_leaves_the_caps(need: domain.Need) -> None:
    weight = weigh(need)
    dose = first(need.age_years, weight.grams)
    assert 0 < weight.grams <= need.weight_grams
    assert dose % 100 == 0
    assert 1000 * dose <= 1500 * weight.grams
    assert dose <= 120_000
    assert dosing.lowest(PACK.dosing, weight.grams) <= dose
    assert abs(1000 * dose - _per_kg(need.age_years) * weight.grams) <= 50_000 or dose == 120_000


def _per_kg(age: int) -> int:
    return 400 if age >= 65 else 500


# --- screening --------------------------------------------------------------------------------


def taking(drug: str, micrograms: int | None = None, times: int = 0) -> domain.Medication:
    return domain.Medication(f"halcyon|{drug}", micrograms, times)


def rule_ids(need: domain.Need, found: domain.Assessment | None = None) -> set[str]:
    return {rule.rule_id for rule in screening.screen(PACK, need, found)}


@pytest.mark.parametrize(
    ("changes", "raised"),
    [
        ({}, {"hypertension-history"}),
        ({"indication_code": "F33.3"}, {"hypertension-history", "psychosis"}),
        ({"physical_history": (f"{eg.ICD_10}|i71.4",)}, {"aneurysmal-disease"}),
        ({"physical_history": ("urn:oid:2.16.840.1.113883.6.90|I714",)}, {"aneurysmal-disease"}),
        ({"physical_history": ("http://snomed.info/sct|38341003",)}, {"unread-code"}),
        ({"physical_history": (f"{eg.ICD_10}|",)}, {"unread-code"}),
        ({"physical_history": ("no system",)}, {"unread-code"}),
        ({"physical_history": (), "age_years": 17}, {"under-age"}),
        ({"physical_history": (), "age_years": 65}, {"lower-starting-dose"}),
        ({"physical_history": (), "age_years": 70}, {"older-age", "lower-starting-dose"}),
        ({"physical_history": (), "weight_grams": 95287}, set()),
        ({"physical_history": (), "weight_grams": 95288}, {"obesity"}),
        ({"physical_history": (), "phq9_score": None}, set()),
        ({"physical_history": (), "phq9_score": 9}, {"mild-depression"}),
        (
            {"physical_history": (), "allergies": ("halcyon|Ketamine",)},
            {"ketamine-hypersensitivity"},
        ),
        ({"physical_history": (), "allergies": ("halcyon|opioid",)}, set()),
        ({"physical_history": (), "medications": ("halcyon|opioid",)}, {"respiratory-depressant"}),
        ({"physical_history": (), "medications": ("halcyon|maoi",)}, {"maoi"}),
        (
            {"physical_history": (), "medications": ("urn:halcyon:drug-class|St-Johns-wort",)},
            {"interacting-drug"},
        ),
        (
            {"physical_history": (), "psychiatric_history": (f"{eg.ICD_10}|F11.20",)},
            {"opioid-or-ketamine-misuse"},
        ),
        (
            {"physical_history": (), "psychiatric_history": (f"{eg.ICD_10}|F11.21",)},
            {"substance-use"},
        ),
        (
            {"physical_history": (), "psychiatric_history": (f"{eg.ICD_10}|F31.30",)},
            {"bipolar"},
        ),
        (
            {"physical_history": (), "psychiatric_history": (f"{eg.ICD_10}|F31.2",)},
            {"bipolar", "mania", "psychosis"},
        ),
        ({"physical_history": (), "indication_code": "O99.3"}, {"pregnancy-or-lactation"}),
    ],
)
def test_the_referral_raises(changes: dict[str, Any], raised: set[str]) -> None:
    assert rule_ids(eg.need(**changes)) == raised


@pytest.mark.parametrize(
    ("changes", "raised"),
    [
        ({}, set()),
        ({"systolic": 160, "diastolic": 99}, {"systolic-pressure-high"}),
        (
            {"systolic": 180, "diastolic": 100},
            {"systolic-pressure-very-high", "diastolic-pressure-high"},
        ),
        ({"systolic": 150, "diastolic": 110}, {"diastolic-pressure-very-high"}),
        ({"systolic": 89, "diastolic": 50}, {"systolic-pressure-low"}),
        ({"phq9_item9": 1}, {"self-harm-thoughts"}),
        ({"escort_available": False}, {"no-escort"}),
        ({"psychiatric_codes": ("halcyon|mania",)}, {"mania"}),
        ({"physical_codes": (f"{eg.ICD_10}|K74.60",)}, {"severe-liver-disease"}),
        ({"weight_grams": 120000}, {"obesity"}),
        ({"findings": domain.Section((f"{eg.ICD_10}|R45.851",))}, {"suicidal-ideation"}),
        ({"failed_trials": 1}, {"few-failed-trials"}),
        ({"failed_trials": None}, set()),
        ({"heart_rate": 49, "oxygen_saturation": 94}, {"heart-rate-low", "oxygen-saturation-low"}),
        ({"heart_rate": 121, "respiratory_rate": 31}, {"heart-rate-high", "respiration-fast"}),
        ({"pregnancy": domain.Pregnancy.NOT_TESTED}, {"pregnancy-not-tested"}),
        ({"pregnancy": domain.Pregnancy.PREGNANT}, {"pregnancy-or-lactation"}),
        ({"pregnancy": domain.Pregnancy.BREASTFEEDING}, {"pregnancy-or-lactation"}),
        ({"allergies": domain.Section(("halcyon|esketamine",))}, {"ketamine-hypersensitivity"}),
        ({"medications": (taking("lorazepam", 1000, 2),)}, {"benzodiazepine"}),
        (
            {"medications": (taking("Lorazepam", 700, 3),)},
            {"benzodiazepine", "benzodiazepine-dose"},
        ),
        (
            {"medications": (taking("clonazepam", 500, 1), taking("diazepam", 1000, 1))},
            {"benzodiazepine", "benzodiazepine-dose"},
        ),
        ({"medications": (taking("alprazolam"), taking("zolpidem", 10000, 1))}, {"benzodiazepine"}),
        ({"medications": (taking("phenelzine", 15000, 3),)}, {"maoi"}),
        ({"medications": (taking("tramadol"),)}, {"interacting-drug", "respiratory-depressant"}),
        ({"medications": (taking("sertraline", 100000, 1),)}, set()),
        (
            {"medications": (taking("rifampin"), taking("lamotrigine"))},
            {"cyp-interaction", "lamotrigine"},
        ),
    ],
)
def test_the_assessment_raises(changes: dict[str, Any], raised: set[str]) -> None:
    need = eg.need(physical_history=())
    assert rule_ids(need, eg.found(**changes)) == raised


@pytest.mark.parametrize(
    ("drug", "worth"),
    [("lorazepam", 2000), ("alprazolam", 4000), ("clonazepam", 8000), ("diazepam", 400)],
)
def test_benzodiazepines_are_counted_in_lorazepam(drug: str, worth: int) -> None:
    assert screening.lorazepam(PACK, [taking(drug, 1000, 2)]) == worth
    assert screening.lorazepam(PACK, [taking(drug), taking("sertraline", 1000, 9)]) == 0


def test_a_finding_says_what_raised_it() -> None:
    need = eg.need(indication_code="F33.3", physical_history=(f"{eg.ICD_10}|I10",))
    found = eg.found(psychiatric_codes=(f"{eg.ICD_10}|F20.0",), systolic=182)
    told = {one.rule_id: one.evidence for one in screening.screen(PACK, need, found)}
    assert told == {
        "psychosis": ("F33.3", f"{eg.ICD_10}|F20.0"),
        "systolic-pressure-very-high": ("systolic=182",),
        "hypertension-history": (f"{eg.ICD_10}|I10",),
    }


def test_what_the_referrer_told_is_not_forgotten() -> None:
    need = eg.need(medications=("halcyon|maoi",))
    assert "maoi" in rule_ids(need, eg.found())


# --- titration --------------------------------------------------------------------------------


def proposal(
    dose: int = 35000, baseline: int | None = 20, starting: int = 35000, **changes: Any
) -> domain.Proposal:
    response = eg.response(uuid4(), uuid4(), **changes)
    course = titration.Course(dose, 70000, baseline, response.phq9_score, starting)
    return domain.propose(PACK, course, response)


@pytest.mark.parametrize(
    ("changes", "direction", "dose", "reasons"),
    [
        ({}, "up", 42000, ("weak_response",)),
        ({"phq9_score": 25}, "up", 42000, ("weak_response",)),
        ({"phq9_score": 15}, "hold", 35000, ("partial_response",)),
        ({"phq9_score": 10}, "hold", 35000, ("response",)),
        ({"phq9_score": 4}, "hold", 35000, ("remission",)),
        ({"phq9_score": None}, "hold", 35000, ("no_score",)),
        ({"baseline": None}, "hold", 35000, ("no_baseline",)),
        ({"baseline": 0}, "hold", 35000, ("no_baseline",)),
        ({"number": 1}, "hold", 35000, ("response_not_yet_known",)),
        ({"stopped_early": True}, "hold", 35000, ("stopped_early",)),
        ({"peak_systolic": 164, "peak_diastolic": 104}, "up", 42000, ("weak_response",)),
        ({"peak_systolic": 165}, "hold", 35000, ("blood_pressure",)),
        ({"peak_diastolic": 105}, "hold", 35000, ("blood_pressure",)),
        ({"peak_systolic": 180}, "down", 28000, ("blood_pressure",)),
        ({"peak_diastolic": 110}, "down", 28000, ("blood_pressure",)),
        ({"peak_systolic": 0}, "hold", 35000, ("blood_pressure_not_measured",)),
        ({"lowest_moaas": 4}, "up", 42000, ("weak_response",)),
        ({"lowest_moaas": 3}, "hold", 35000, ("sedation",)),
        ({"lowest_moaas": 2}, "down", 28000, ("sedation",)),
        ({"lowest_oxygen_saturation": 93}, "hold", 35000, ("oxygen_saturation",)),
        ({"lowest_oxygen_saturation": 91}, "down", 28000, ("oxygen_saturation",)),
        ({"adverse_events": ("vomiting",)}, "down", 28000, ("adverse_event",)),
        ({"adverse_events": ("never_heard_of",)}, "hold", 35000, ("adverse_event",)),
        ({"dose": 70000}, "hold", 70000, ("weak_response", "needs_signature")),
        ({"dose": 66000, "starting": 60000}, "up", 70000, ("weak_response",)),
        ({"dose": 90000}, "hold", 90000, ("weak_response", "needs_signature")),
        ({"dose": 105000}, "hold", 105000, ("weak_response", "upper_limit")),
        ({"dose": 49000}, "up", 56000, ("weak_response",)),
        ({"dose": 52500}, "up", 56000, ("weak_response",)),
        ({"dose": 56000}, "hold", 56000, ("weak_response", "needs_signature")),
        ({"dose": 7000, "lowest_moaas": 1}, "hold", 7000, ("sedation", "lower_limit")),
        ({"dose": 8000, "lowest_moaas": 1}, "down", 7000, ("sedation",)),
        (
            {"lowest_moaas": 1, "peak_systolic": 200, "phq9_score": 1},
            "down",
            28000,
            ("blood_pressure", "sedation"),
        ),
    ],
)
def test_the_next_dose(
    changes: dict[str, Any], direction: str, dose: int, reasons: tuple[str, ...]
) -> None:
    found = proposal(**changes)
    assert (found.direction.value, found.dose_micrograms, found.reasons) == (
        direction,
        dose,
        reasons,
    )


responses = st.fixed_dictionaries(
    {
        "stopped_early": st.booleans(),
        "peak_systolic": st.integers(0, 300),
        "peak_diastolic": st.integers(0, 200),
        "lowest_oxygen_saturation": st.integers(30, 100),
        "lowest_moaas": st.integers(0, 5),
        "adverse_events": st.lists(
            st.sampled_from(["nausea", "vomiting", "seizure", "itch"]), max_size=2
        ).map(tuple),
        "phq9_score": st.none() | st.integers(0, 27),
    }
)


@settings(deadline=None)
@given(bodies, st.lists(responses, max_size=12), st.data())
def test_no_titration_leaves_the_caps_or_takes_two_steps(
    need: domain.Need, told: list[dict[str, Any]], data: st.DataObject
) -> None:
    intake = _planned(need, data)
    assert intake.plan
    grams = intake.plan.dose.dosing_weight_grams
    past = domain.NO_PAST
    for number, changes in enumerate(told, 1):
        assert intake.plan
        before = intake.plan
        response = eg.response(before.plan_id, need.referral_id, number, **changes)
        was_active = before.state is domain.State.ACTIVE
        intake, events = domain.adjust(intake, past, response, NOON)
        past = eg.remembered(past, events)
        assert intake.plan
        after = intake.plan.dose
        adjusted = [one for one in events if isinstance(one, domain.DoseAdjusted)]
        assert len(adjusted) == was_active
        moved = after.dose_micrograms - before.dose.dose_micrograms
        assert abs(moved) * 1000 <= 100 * grams
        assert after.dose_micrograms * 1000 <= 1500 * grams
        assert after.dose_micrograms <= 120_000
        assert moved <= 0 or after.dose_micrograms * 1000 <= 1000 * grams
        assert moved <= 0 or after.dose_micrograms <= 100_000
        raised = after.dose_micrograms - before.starting_micrograms
        assert moved <= 0 or raised * 1000 <= 3 * 100 * grams
        assert after.number == before.dose.number + (moved != 0)
        proposed = intake.plan.proposed
        if proposed and was_active:
            step = proposed.dose_micrograms - after.dose_micrograms
            assert 0 < step * 1000 <= 100 * grams
            assert proposed.dose_micrograms * 1000 <= 1500 * grams
            assert proposed.dose_micrograms <= 120_000
        assert domain.adjust(intake, past, response, NOON) == (intake, ())


def _planned(need: domain.Need, data: st.DataObject) -> domain.Intake:
    """A plan with any dose that an approval lets through."""
    intake, _ = domain.open_for(need, None, eg.policy(), domain.NO_PAST, NOON)
    unflagged = intake._replace(flags=(), status=domain.Status.ASSESSED)
    dose = data.draw(st.none() | st.integers(1, 200_000))
    wish = domain.Wish(None, dose, "because")
    try:
        return domain.approve_plan(unflagged, wish, eg.policy(), domain.NO_PAST, NOON)[0]
    except Invalid:
        wish = domain.Wish(None, None)
        return domain.approve_plan(unflagged, wish, eg.policy(), domain.NO_PAST, NOON)[0]


# --- an intake's life -------------------------------------------------------------------------


def answered(scale: str, count: int, value: int = 1) -> domain.Answered:
    return domain.Answered(scale, tuple((item, value) for item in range(1, count + 1)))


def opened(**changes: Any) -> domain.Intake:
    return domain.open_for(eg.need(**changes), None, eg.policy(), domain.NO_PAST, NOON)[0]


def assessed(**changes: Any) -> domain.Intake:
    return domain.record_assessment(opened(), eg.found(**changes), eg.policy(), NOON)[0]


def screened(level: str = "moderate", **changes: Any) -> domain.Intake:
    """Assessed, with the screener answered that the assessment asked for."""
    intake = assessed(**changes)
    assert intake.risk.is_open
    return intake._replace(risk=risk.screened(intake.risk, level, NOON, NOON + timedelta(days=1)))


def planned() -> domain.Intake:
    return domain.approve_plan(assessed(), domain.Wish(), eg.policy(), domain.NO_PAST, NOON)[0]


def declined() -> domain.Intake:
    return domain.decline(opened(), "capacity", NOON)[0]


def closed() -> domain.Intake:
    intake = opened()
    return domain.close(intake.need, intake, PACK, NOON)[0]


def test_a_routed_referral_opens_an_intake() -> None:
    need = eg.need()
    intake, events = domain.open_for(need, None, eg.policy(), domain.NO_PAST, NOON)
    assert events == (domain.IntakeOpened(intake),)
    assert (intake.revision, intake.status) == (1, domain.Status.OPEN)
    assert domain.open_for(need, intake, eg.STANDING, domain.NO_PAST, NOON) == (intake, ())


def test_a_standing_order_approves_at_once() -> None:
    intake, events = domain.open_for(eg.need(), None, eg.STANDING, domain.NO_PAST, NOON)
    assert [type(event) for event in events] == [domain.IntakeOpened, domain.PlanApproved]
    assert [event.intake.revision for event in events] == [1, 2]
    assert intake.plan
    assert (intake.plan.approval, intake.plan.dose.dose_micrograms) == (
        domain.Approval.STANDING_ORDER,
        35000,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"medications": ("halcyon|maoi",)},
        {"medications": ("http://www.nlm.nih.gov/research/umls/rxnorm|1",)},
        {"age_years": 16},
    ],
)
def test_a_standing_order_never_speaks_over_a_flag(changes: dict[str, Any]) -> None:
    intake, _ = domain.open_for(eg.need(**changes), None, eg.STANDING, domain.NO_PAST, NOON)
    assert intake.status is domain.Status.OPEN


def test_a_standing_order_for_a_schedule_nobody_knows_waits_for_a_specialist() -> None:
    unknown = replace(eg.STANDING, schedule="gone")
    assert domain.open_for(eg.need(), None, unknown, domain.NO_PAST, NOON)[0].plan is None


def test_a_withdrawal_heard_first_closes_what_opens_later() -> None:
    need = eg.need()
    withdrawn = domain.Need(need.referral_id, BOSTON)
    tomb, events = domain.close(withdrawn, None, PACK, NOON)
    assert (tomb.status, events) == (domain.Status.CLOSED, ())
    late, events = domain.open_for(need, tomb, eg.STANDING, domain.NO_PAST, NOON)
    assert (late.status, late.need, events) == (domain.Status.CLOSED, need, ())


@pytest.mark.parametrize("make", [opened, assessed, planned])
def test_a_withdrawal_closes(make: Any) -> None:
    intake, events = domain.close(make().need, make(), PACK, NOON)
    assert (intake.status, events) == (domain.Status.CLOSED, ())


def test_a_withdrawal_leaves_a_decline() -> None:
    intake = declined()
    assert domain.close(intake.need, intake, PACK, NOON) == (intake, ())


def test_questionnaires_of_the_assessment_are_kept_with_it() -> None:
    found = eg.found(phq9_score=9, phq9_item9=1, scales=(answered("phq9", 9), answered("gad7", 7)))
    intake, (_, *kept) = domain.record_assessment(opened(), found, eg.policy(), NOON)
    scores = [one.score for one in kept if isinstance(one, domain.ScoreTaken)]
    assert [(one.scale, one.rating.total, len(one.answers)) for one in scores] == [
        ("phq9", 9, 9),
        ("gad7", 7, 7),
    ]
    assert intake.risk.is_open


def test_an_assessment_is_replaced_until_a_decision() -> None:
    first = assessed()
    again, events = domain.record_assessment(first, eg.found(), eg.policy(), NOON)
    assert (again, events) == (first, ())
    second, (stated, kept) = domain.record_assessment(
        first, eg.found(phq9_score=15), eg.policy(), NOON
    )
    assert stated == domain.AssessmentRecorded(second, 15)
    assert isinstance(kept, domain.ScoreTaken)
    assert (second.revision, kept.score.rating.total) == (3, 15)
    assert domain.baseline([kept.score], None) == 15


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"phq9_score": 0, "phq9_item9": 1}, ["assessment.present_state.phq9_item9"]),
        ({"phq9_score": 27, "phq9_item9": 2}, ["assessment.present_state.phq9_item9"]),
        ({"systolic": 80, "diastolic": 80}, ["assessment.physical_state.diastolic"]),
        (
            {"psychiatric_codes": ("F20",), "physical_codes": ("ok|I10", "|I10", "x|")},
            [
                "assessment.psychiatric_history.codes[0]",
                "assessment.physical_state.history.codes[1]",
                "assessment.physical_state.history.codes[2]",
            ],
        ),
        (
            {"physical_codes": (f"{eg.ICD_10}|banana",)},
            ["assessment.physical_state.history.codes[0]"],
        ),
        (
            {"weight_date": NOON.date() + timedelta(days=2)},
            ["assessment.physical_state.weight_date"],
        ),
        (
            {"weight_date": NOON.date() - timedelta(days=8)},
            ["assessment.physical_state.weight_date"],
        ),
        (
            {"height_date": NOON.date() + timedelta(days=2)},
            ["assessment.physical_state.height_date"],
        ),
        (
            {"medications": (domain.Medication("lorazepam"),)},
            ["assessment.physical_state.medications.items[0]"],
        ),
        ({"family": domain.Section(("Z63",))}, ["assessment.circumstances.family.codes[0]"]),
        ({"scales": (answered("gone", 1),)}, ["assessment.present_state.scales[0].scale"]),
        ({"scales": (answered("gad7", 6),)}, ["assessment.present_state.scales[0].answers[7]"]),
        (
            {"scales": (answered("gad7", 7), answered("gad7", 7))},
            ["assessment.present_state.scales[0]", "assessment.present_state.scales[1]"],
        ),
        ({"scales": (answered("phq9", 9),)}, ["assessment.present_state.scales[0].answers"]),
    ],
)
def test_an_assessment_that_contradicts_itself_is_refused(
    changes: dict[str, Any], fields: list[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        domain.record_assessment(opened(), eg.found(**changes), eg.policy(), NOON)
    assert refused.value.reason == "INVALID_ASSESSMENT"
    assert [fault.field for fault in refused.value.violations] == fields


@pytest.mark.parametrize("make", [planned, declined, closed])
def test_an_ended_intake_takes_no_assessment(make: Any) -> None:
    with pytest.raises(NotAllowed) as refused:
        domain.record_assessment(make(), eg.found(phq9_score=11), eg.policy(), NOON)
    assert refused.value.reason == "INTAKE_CLOSED"


def approve(intake: domain.Intake, *wish: Any) -> domain.Decision:
    return domain.approve_plan(intake, domain.Wish(*wish), eg.policy(), domain.NO_PAST, NOON)


@pytest.mark.parametrize(
    ("intake", "wish", "kind", "reason"),
    [
        (opened(), (), NotAllowed, "NOT_ASSESSED"),
        (declined(), (), NotAllowed, "INTAKE_CLOSED"),
        (closed(), (), NotAllowed, "INTAKE_CLOSED"),
        (planned(), ("six_in_two_weeks",), NotAllowed, "INTAKE_CLOSED"),
        (planned(), (None, 36000, "why"), NotAllowed, "INTAKE_CLOSED"),
        (assessed(), ("gone",), NotFound, "PROTOCOL_NOT_FOUND"),
        (assessed(systolic=190), (None, None, "why"), NotAllowed, "TREATMENT_BLOCKED"),
        (assessed(phq9_item9=2), (None, None, "why"), NotAllowed, "TREATMENT_BLOCKED"),
        (screened("high", phq9_item9=2), (None, None, "why"), NotAllowed, "TREATMENT_BLOCKED"),
        (screened(phq9_item9=2), (), Invalid, "INVALID_ASSESSMENT"),
        (screened(phq9_item9=2), (None, None, "  "), Invalid, "INVALID_ASSESSMENT"),
        (assessed(), (None, 36000), Invalid, "INVALID_ASSESSMENT"),
        (assessed(), (None, 105100, "why"), Invalid, "DOSE_OUT_OF_RANGE"),
        (assessed(), (None, 6999, "why"), Invalid, "DOSE_OUT_OF_RANGE"),
    ],
)
def test_a_plan_is_refused(
    intake: domain.Intake, wish: tuple[Any, ...], kind: type[Exception], reason: str
) -> None:
    with pytest.raises(kind) as refused:
        approve(intake, *wish)
    assert refused.value.reason == reason  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("intake", "wish", "schedule", "dose"),
    [
        (assessed(), (), "taper_3_2_1_1_1", 35000),
        (assessed(), (None, 35000), "taper_3_2_1_1_1", 35000),
        (assessed(), (None, 105000, "why"), "taper_3_2_1_1_1", 105000),
        (assessed(), (None, 7000, "why"), "taper_3_2_1_1_1", 7000),
        (
            screened(phq9_item9=2),
            ("three_in_three_weeks", None, "why"),
            "three_in_three_weeks",
            35000,
        ),
    ],
)
def test_a_plan_is_approved_once(
    intake: domain.Intake, wish: tuple[Any, ...], schedule: str, dose: int
) -> None:
    plan, (stated,) = approve(intake, *wish)
    assert isinstance(stated, domain.PlanApproved)
    assert (stated.plan.schedule.name, stated.plan.dose.dose_micrograms) == (schedule, dose)
    assert (plan.status, plan.revision) == (domain.Status.PLANNED, 3)
    assert approve(plan, *wish) == (plan, ())


def test_a_titrated_plan_is_still_the_plan_that_was_approved() -> None:
    intake = planned()
    assert intake.plan
    told = eg.response(intake.plan.plan_id, intake.need.referral_id)
    adjusted, _ = domain.adjust(intake, domain.NO_PAST, told, NOON)
    assert approve(adjusted) == (adjusted, ())


def test_a_decline_is_said_once() -> None:
    intake, (stated,) = domain.decline(assessed(), "not_eligible", NOON)
    assert stated == domain.ReferralDeclined(intake, "not_eligible")
    assert domain.decline(intake, "not_eligible", NOON) == (intake, ())
    with pytest.raises(NotAllowed):
        domain.decline(intake, "capacity", NOON)
    with pytest.raises(NotAllowed):
        domain.decline(planned(), "capacity", NOON)


def test_older_news_of_a_session_decides_nothing() -> None:
    intake = planned()
    assert intake.plan
    told = [
        eg.response(intake.plan.plan_id, intake.need.referral_id, number) for number in (1, 2, 3)
    ]
    later, events = domain.adjust(intake, domain.NO_PAST, told[2], NOON)
    *_, stated = events
    assert isinstance(stated, domain.DoseAdjusted)
    assert stated.intake.decided_number == 3
    past = eg.remembered(domain.NO_PAST, events)
    late, kept = domain.adjust(later, past, told[1], NOON)
    assert [type(one) for one in kept] == [domain.SessionGiven, domain.ScoreTaken]
    assert (late.plan, late.revision) == (later.plan, later.revision)
    assert late.treated_since == told[1].begin_time - timedelta.resolution
    elsewhere = replace(told[2], plan_id=uuid4(), number=4)
    assert domain.adjust(later, domain.NO_PAST, elsewhere, NOON) == (later, ())


def test_dose_orders_follow_on_over_rounds_of_maintenance() -> None:
    """Numbers begin at 1 in each round; a course of which one session was dropped ends at 4 too."""
    intake, past = planned(), domain.NO_PAST
    assert intake.plan
    plan_id, referral_id = intake.plan.plan_id, intake.need.referral_id
    round_id = uuid4()

    def told(day: int, number: int, source: UUID) -> domain.Response:
        begun, identity = NOON + timedelta(days=day), uuid5(source, f"session/{number}")
        score = 18 if begun < NOON + timedelta(days=3) else 6
        return eg.response(
            plan_id, referral_id, number, session_id=identity, begin_time=begun, phq9_score=score
        )

    orders, decided = [intake.plan.dose.number], []
    heard = [(2, 1, plan_id), (4, 2, plan_id), (8, 4, plan_id)]
    heard += [(36, 1, round_id), (92, 3, round_id), (64, 2, round_id), (92, 3, round_id)]
    for one in heard:
        intake, events = domain.adjust(intake, past, told(*one), NOON)
        past = eg.remembered(past, events)
        decided.append(any(isinstance(event, domain.DoseAdjusted) for event in events))
        assert intake.plan
        orders.append(intake.plan.dose.number)
    assert decided == [True, True, True, True, True, False, False]
    assert orders == sorted(orders)
    assert intake.decided_number == 5
    assert intake.treated_since == told(2, 1, plan_id).begin_time


def test_a_weak_response_in_maintenance_is_not_taken_for_the_first_sessions() -> None:
    """A raise that waits for so many sessions has long been waited for in a later round."""
    intake = planned()
    assert intake.plan
    plan_id, referral_id = intake.plan.plan_id, intake.need.referral_id
    first = PACK.titration.first_raise_after_session
    given = tuple(
        domain.Given(
            uuid4(), intake.intake_id, intake.need.patient_id, intake.need.clinic_id,
            NOON + timedelta(days=day), 35000,
        )
        for day in range(1, first + 1)
    )  # fmt: skip
    begun = NOON + timedelta(days=60)
    told = eg.response(plan_id, referral_id, 1, session_id=uuid4(), begin_time=begun)
    (_, fresh), (_, later) = (
        domain.adjust(intake, domain.Record(past), told, NOON) for past in ((), given)
    )
    reasons = [
        next(one.reasons for one in events if isinstance(one, domain.DoseAdjusted))
        for events in (fresh, later)
    ]
    assert ["response_not_yet_known" in one for one in reasons] == [True, False]


def test_a_response_to_nothing_is_parked() -> None:
    with pytest.raises(Reject):
        domain.adjust(None, domain.NO_PAST, eg.response(uuid4(), uuid4()), NOON)


@pytest.mark.parametrize("make", [opened, closed, declined])
def test_a_response_outside_a_plan_decides_nothing(make: Any) -> None:
    intake = make()
    told = eg.response(domain.plan_id(intake.intake_id), intake.need.referral_id)
    assert domain.adjust(intake, domain.NO_PAST, told, NOON) == (intake, ())
