"""The start gate: a table of everything that can fail, and nothing passes but through it."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.refusal import NotAllowed
from services.infusion import domain
from services.infusion.domain import Pregnancy, Status, SuicideRisk
from services.infusion.tests import examples as eg
from services.infusion.tests.examples import NOON, PACK

CASE = eg.Case()


def ago(**span: float) -> Any:
    return NOON - timedelta(**span)


def used(code: str, hours: float) -> tuple[domain.SubstanceUse, ...]:
    return (domain.SubstanceUse(code, ago(hours=hours)),)


@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        ({}, set()),
        ({"identity_checked_twice": False}, {"identity_checked_twice"}),
        ({"consent_current": False}, {"consent_current"}),
        ({"consent_expire_date": None}, {"consent_expire_date"}),
        ({"consent_expire_date": NOON.date()}, set()),
        ({"consent_expire_date": date(2026, 11, 22)}, {"consent_expire_date"}),
        ({"escort_confirmed": False, "escort_name": " "}, {"escort_confirmed", "escort_name"}),
        ({"fasting_kept": False}, {"fasting_kept"}),
        ({"last_solids_time": ago(hours=6)}, set()),
        ({"last_solids_time": ago(hours=5.9)}, {"solids"}),
        ({"last_solids_time": None}, {"solids"}),
        ({"last_clear_fluids_time": ago(hours=1.9)}, {"clear_fluids"}),
        ({"substances_asked": False}, {"substances"}),
        ({"substances": used("alcohol", 24)}, set()),
        ({"substances": used("alcohol", 23)}, {"alcohol"}),
        ({"substances": used("stimulant", 13)}, set()),
        ({"substances": used("unheard_of", 999)}, {"substances"}),
        ({"positive_screens": ("cocaine", "thc")}, {"screen_cocaine"}),
        ({"pregnancy": Pregnancy.TEST_NEGATIVE}, set()),
        ({"pregnancy": Pregnancy.UNKNOWN}, {"pregnancy"}),
        ({"pregnancy": Pregnancy.TEST_POSITIVE}, {"pregnancy"}),
        ({"phq9_score": None}, {"phq9_score"}),
        ({"phq9_item9": None}, {"phq9_score"}),
        ({"phq9_item9": 1}, {"suicide_risk"}),
        ({"phq9_item9": 1, "suicide_risk": SuicideRisk.LOW}, set()),
        ({"suicide_risk": SuicideRisk.HIGH}, {"suicide_risk"}),
        ({"drug": None}, {"drug"}),
        ({"drug": replace(eg.DRUG, expire_date=date(2026, 11, 22))}, {"drug_expire_date"}),
        ({"setting": None}, {"pump"}),
        ({"setting": eg.setting(42000)}, {"pump_dose"}),
        ({"setting": eg.setting(minutes=50)}, {"pump_minutes"}),
        ({"setting": replace(eg.setting(), volume_ml=Decimal(99))}, {"pump_volume", "pump_rate"}),
        ({"setting": replace(eg.setting(), rate_ml_per_h=Decimal("150.1"))}, {"pump_rate"}),
    ],
)
def test_the_checklist(changes: dict[str, Any], failed: set[str]) -> None:
    evidence = CASE.evidence(checklist=eg.checklist(**changes))
    assert set(domain.findings(evidence, PACK, NOON)) == failed


@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        ({"systolic": 159, "diastolic": 99}, set()),
        ({"systolic": 160}, {"systolic"}),
        ({"systolic": 90, "diastolic": 50}, set()),
        ({"systolic": 89, "diastolic": 50}, {"systolic"}),
        ({"diastolic": 100}, {"diastolic"}),
        ({"systolic": None, "diastolic": None}, {"systolic", "diastolic"}),
        ({"oxygen_saturation": 94}, {"oxygen_saturation"}),
        ({"heart_rate": 49}, {"heart_rate"}),
        ({"heart_rate": 121}, {"heart_rate"}),
        ({"respiratory_rate": None}, {"respiratory_rate"}),
        ({"respiratory_rate": 9}, {"respiratory_rate"}),
        ({"respiratory_rate": 31}, {"respiratory_rate"}),
    ],
)
def test_the_vital_signs(changes: dict[str, Any], failed: set[str]) -> None:
    evidence = CASE.evidence(readings=(eg.vitals(**changes),))
    found = domain.findings(evidence, PACK, NOON)
    assert set(found) == failed
    assert not {str(value) for value in changes.values()} & set(" ".join(found.values()).split())


@pytest.mark.parametrize(
    ("readings", "passes"),
    [
        ([(0, 170)], False),
        ([(0, 170), (4, 150)], False),
        ([(0, 170), (5, 150)], True),
        ([(0, 150), (5, 170)], False),
        ([(5, 150), (0, 170)], True),
        ([(0, 170), (5, 165), (10, 150)], True),
    ],
)
def test_a_second_reading_must_be_calm_and_late_enough(
    readings: list[tuple[int, int]], passes: bool
) -> None:
    taken = [eg.vitals(NOON + timedelta(minutes=m), systolic=value) for m, value in readings]
    found = domain.findings(CASE.evidence(readings=taken), PACK, NOON)
    assert set(found) == (set() if passes else {"systolic"})


def test_an_artefact_neither_passes_nor_holds() -> None:
    odd = eg.vitals(oxygen_saturation=40, artefact=True)
    assert not domain.findings(CASE.evidence(readings=(odd, eg.vitals())), PACK, NOON)
    assert "systolic" in domain.findings(
        CASE.evidence(readings=(eg.vitals(artefact=True),)), PACK, NOON
    )


def test_what_is_missing_is_told_at_once() -> None:
    found = domain.findings(
        CASE.evidence(checklist=domain.Checklist(), readings=(), order=None, double_check=None),
        PACK,
        NOON,
    )
    assert len(found) >= 19
    assert {"systolic", "pump", "drug", "dose_order", "double_check", "pregnancy"} <= set(found)


def test_a_checklist_grows_old() -> None:
    evidence = CASE.evidence(readings=(eg.vitals(), eg.vitals(NOON + timedelta(minutes=61))))
    assert not domain.findings(evidence, PACK, NOON + timedelta(minutes=60))
    assert "checklist" in domain.findings(evidence, PACK, NOON + timedelta(minutes=61))


# --- the plan ---------------------------------------------------------------------------------

STANDINGS = [
    (domain.Standing.ACTIVE, set()),
    (domain.Standing.PAUSED, {"plan_paused"}),
    (domain.Standing.STOPPED, {"plan_stopped"}),
]


@pytest.mark.parametrize(("standing", "failed"), STANDINGS)
def test_the_standing_of_the_plan(standing: domain.Standing, failed: set[str]) -> None:
    evidence = CASE.evidence(standing=standing)
    assert set(domain.findings(evidence, PACK, NOON)) == failed
    status = Status.HELD if failed else Status.CHECKLIST_PASSED
    assert domain.settle(CASE.here(), evidence, NOON)[0].session.status is status
    unchecked = domain.findings(replace(evidence, form=None), PACK, NOON)
    assert set(unchecked) == failed | {"checklist"}


@pytest.mark.parametrize(("standing", "failed"), STANDINGS[1:])
def test_a_plan_that_stands_still_starts_nothing(
    standing: domain.Standing, failed: set[str]
) -> None:
    told = tuple(domain.Override(item, "x", "y", "doctor", NOON) for item in failed)
    evidence = CASE.evidence(standing=standing, overrides=told)
    asked = domain.Start(eg.vitals())
    with pytest.raises(NotAllowed) as refused:
        domain.start(CASE.ready(), asked, (), evidence, NOON)
    assert (refused.value.reason, set(refused.value.metadata)) == ("GATE_NOT_PASSED", failed)


def test_whatever_a_plan_is_held_for_is_never_answered_for() -> None:
    told = {item for one in domain.Standing for item, _ in domain.standing_findings(one)}
    assert told | {"suicide_risk_high"} == domain.NEVER_ANSWERED_FOR


def screened(hour: int, until: int | None = None) -> domain.RiskScreening:
    end = ago(hours=-until) if until is not None else None
    return domain.RiskScreening(CASE.patient_id, ago(hours=hour), end)


@pytest.mark.parametrize(
    ("screening", "holds"),
    [
        (None, False),
        (screened(2), False),
        (screened(2, until=12), True),
        (screened(20, until=0), False),
    ],
)
def test_a_screener_at_high_risk_holds_that_day(
    screening: domain.RiskScreening | None, holds: bool
) -> None:
    told = (domain.Override("suicide_risk_high", "x", "y", "doctor", NOON),)
    evidence = CASE.evidence(screening=screening, overrides=told)
    failed = {"suicide_risk_high"} if holds else set()
    assert set(domain.findings(evidence, PACK, NOON)) == failed
    status = Status.HELD if holds else Status.CHECKLIST_PASSED
    assert domain.settle(CASE.here(), evidence, NOON)[0].session.status is status


@given(st.permutations([screened(3, until=9), screened(2), screened(1, until=8)]))
def test_the_last_screener_holds(order: list[domain.RiskScreening]) -> None:
    known = None
    for word in [*order, *order]:
        known = domain.newest_screening(known, word)
    assert known == screened(1, until=8)


@given(st.permutations(list(enumerate(domain.Standing))))
def test_the_word_of_the_highest_revision_holds(order: list[tuple[int, domain.Standing]]) -> None:
    words = [domain.PlanStanding(CASE.plan_id, revision, one) for revision, one in order]
    known = None
    for word in [*words, *words]:
        known = domain.newest(known, word)
    assert known == max(words, key=lambda word: word.revision)


# --- the second person ------------------------------------------------------------------------

SEEN = eg.DRUG, eg.setting()


def test_a_dose_is_confirmed_by_somebody_else() -> None:
    here, evidence = CASE.here(), CASE.evidence(double_check=None)
    held, found = domain.settle(here, evidence, NOON)
    assert (held.session.status, set(found)) == (Status.HELD, {"double_check"})
    (passed, left), _ = domain.confirm(held, (SEEN, None), evidence, "nurse two", NOON)
    assert (passed.session.status, left) == (Status.CHECKLIST_PASSED, {})


@pytest.mark.parametrize(
    ("who", "seen", "reason"),
    [
        ("nurse one", SEEN, "SAME_PERSON"),
        ("nurse two", (eg.DRUG, eg.setting(42000)), "DOUBLE_CHECK_MISMATCH"),
        ("nurse two", (replace(eg.DRUG, lot="OTHER"), eg.setting()), "DOUBLE_CHECK_MISMATCH"),
    ],
)
def test_a_confirmation_is_refused(who: str, seen: Any, reason: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        domain.confirm(CASE.here(), (seen, None), CASE.evidence(), who, NOON)
    assert refused.value.reason == reason


def test_another_programme_needs_another_confirmation() -> None:
    other = eg.checklist(setting=eg.setting(volume="50"))
    form = domain.Form(2, other, "nurse one", NOON)
    assert set(domain.findings(CASE.evidence(form=form), PACK, NOON)) == {"double_check"}


# --- overrides --------------------------------------------------------------------------------


def answer(*items: str) -> domain.Answer:
    return domain.Answer(items, "benefit_outweighs_risk", "weighed it", "doctor")


def test_a_prescriber_answers_for_what_the_pack_lets_be_answered_for() -> None:
    evidence = CASE.evidence(readings=(eg.vitals(systolic=164),))
    held, found = domain.settle(CASE.here(), evidence, NOON)
    assert set(found) == {"systolic"}
    (passed, left), overrides, (stated,) = domain.override_start(
        held, answer("systolic"), evidence, NOON
    )
    assert (passed.session.status, left) == (Status.CHECKLIST_PASSED, {})
    assert isinstance(stated, domain.GateOverridden)
    assert stated.visit.session.revision == held.session.revision + 1
    again = replace(evidence, overrides=overrides)
    assert domain.override_start(passed, answer("systolic"), again, NOON)[1:] == ((), ())


@pytest.mark.parametrize(
    "item", ["identity_checked_twice", "consent_current", "pregnancy", "suicide_risk", "drug",
             "pump_dose", "double_check", "dose_order", "checklist", "plan_paused", "plan_stopped"]
)  # fmt: skip
def test_nobody_answers_for_the_rest(item: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        domain.override_start(CASE.here(), answer("systolic", item), CASE.evidence(), NOON)
    assert (refused.value.reason, set(refused.value.metadata)) == ("NOT_OVERRIDABLE", {item})


def test_an_override_that_slipped_in_counts_for_nothing_else() -> None:
    told = domain.Override("pregnancy", "x", "y", "doctor", NOON)
    pregnant = eg.checklist(pregnancy=Pregnancy.TEST_POSITIVE)
    found = domain.findings(CASE.evidence(checklist=pregnant, overrides=(told,)), PACK, NOON)
    assert set(found) == {"pregnancy"}
