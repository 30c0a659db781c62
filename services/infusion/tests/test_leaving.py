"""The way home: a table of everything that can fail."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chassis.refusal import NotAllowed
from services.infusion import domain
from services.infusion.domain import Status, SuicideRisk
from services.infusion.tests import examples as eg
from services.infusion.tests.examples import NOON, PACK
from services.infusion.tests.test_domain import STAY, at, finish, home

CASE = eg.Case()


def resting() -> domain.Visit:
    return domain.recover(finish(CASE.running())[1], None, at(41))


def leave(
    minutes: float = 101, stay: domain.Stay = STAY, **changes: Any
) -> tuple[domain.Visit, tuple[domain.Event, ...]]:
    reading = eg.vitals(at(minutes), **changes.pop("reading", {}))
    told = replace(home(), reading=reading, **changes)
    return domain.discharge(resting(), (told, None), stay, at(minutes))


def test_a_patient_goes_home_once() -> None:
    gone, (stated,) = leave()
    assert isinstance(stated, domain.SessionDischarged)
    assert (gone.session.status, gone.session.revision) == (Status.DISCHARGED, 3)
    assert gone.attendance
    assert gone.attendance.leave_time == at(101)
    again = domain.discharge(gone, (home(), None), STAY, at(130))
    assert again == (gone, ())


@pytest.mark.parametrize(
    ("minutes", "changes", "failed"),
    [
        (99, {}, {"stay"}),
        (100, {}, set()),
        (159, {"escort_present": False}, {"stay", "escort_present"}),
        (160, {"escort_present": False}, {"escort_present"}),
        (101, {"escort_name": " "}, {"escort_present"}),
        (101, {"aldrete": 9}, set()),
        (101, {"aldrete": 8}, {"aldrete"}),
        (101, {"moaas": 4}, {"moaas"}),
        (101, {"nausea": 1}, set()),
        (101, {"nausea": 2}, {"nausea"}),
        (101, {"gait_steady": False}, {"gait_steady"}),
        (101, {"oriented": False}, {"oriented"}),
        (101, {"instructions": PACK.instructions - {"no_driving"}}, {"instructions"}),
        (101, {"suicide_risk": SuicideRisk.NONE}, set()),
        (101, {"suicide_risk": SuicideRisk.LOW}, {"suicide_risk"}),
        (101, {"reading": {"systolic": 159, "diastolic": 99}}, set()),
        (101, {"reading": {"systolic": 160, "diastolic": 80}}, {"pressure"}),
        (101, {"reading": {"systolic": 130, "diastolic": 101}}, {"pressure"}),
        (101, {"reading": {"systolic": None, "diastolic": None}}, {"pressure"}),
    ],
)
def test_the_discharge_gate(minutes: float, changes: dict[str, Any], failed: set[str]) -> None:
    if not failed:
        assert leave(minutes, **changes)[1]
        return
    with pytest.raises(NotAllowed) as refused:
        leave(minutes, **changes)
    assert refused.value.reason == "DISCHARGE_NOT_READY"
    assert set(refused.value.metadata) == failed


def test_near_the_own_baseline_is_near_enough() -> None:
    """138 is within 20 % of 160, and so is 192; both sides of the pressure must be near."""
    infusion = CASE.running().infusion
    assert infusion
    high = replace(infusion, baseline=eg.vitals(systolic=159, diastolic=99))
    visit = resting()
    assert visit.infusion
    visit = replace(visit, infusion=replace(high, ending=visit.infusion.ending))
    for pressure, passes in ((190, 118), True), ((191, 99), False), ((159, 119), False):
        told = replace(
            home(), reading=eg.vitals(at(101), systolic=pressure[0], diastolic=pressure[1])
        )
        if passes:
            assert domain.discharge(visit, (told, None), STAY, at(101))[1]
            continue
        with pytest.raises(NotAllowed):
            domain.discharge(visit, (told, None), STAY, at(101))


def test_an_old_reading_is_no_reading() -> None:
    told = replace(home(), reading=eg.vitals(at(85)))
    with pytest.raises(NotAllowed) as refused:
        domain.discharge(resting(), (told, None), STAY, at(101))
    assert set(refused.value.metadata) == {"reading"}


def test_a_risk_seen_at_the_start_is_screened_again() -> None:
    low = replace(STAY, suicide_risk=SuicideRisk.LOW)
    assert leave(stay=low, suicide_risk=SuicideRisk.LOW)[1]
    for risk in (SuicideRisk.NOT_SCREENED, SuicideRisk.MODERATE):
        with pytest.raises(NotAllowed) as refused:
            leave(stay=low, suicide_risk=risk)
        assert set(refused.value.metadata) == {"suicide_risk"}


def test_a_prescriber_answers_for_a_short_stay_and_for_nothing_graver() -> None:
    answer = domain.Answer(("stay",), "benefit_outweighs_risk", "lives next door", "doctor")
    visit, overrides, (stated,) = domain.override_discharge(resting(), answer, (), at(50))
    assert isinstance(stated, domain.DischargeOverridden)
    assert domain.override_discharge(visit, answer, overrides, at(51))[1:] == ((), ())
    told = replace(home(), reading=eg.vitals(at(55)))
    stay = replace(STAY, overrides=overrides)
    assert domain.discharge(visit, (told, None), stay, at(55))[1]
    for item in ("moaas", "instructions", "suicide_risk", "oriented", "reading"):
        with pytest.raises(NotAllowed) as refused:
            domain.override_discharge(visit, replace(answer, items=(item,)), (), at(50))
        assert refused.value.reason == "NOT_OVERRIDABLE"


def test_a_running_pump_is_stopped_before_a_transfer() -> None:
    running = CASE.running()
    with pytest.raises(NotAllowed):
        domain.transfer(running, "chest_pain", None, at(5))
    told: dict[str, Any] = {
        "stopped_early": True,
        "delivered_ml": Decimal(1),
        "stop_reason": "adverse_event",
    }
    ended = finish(running, at(5), **told)[1]
    gone, (stated,) = domain.transfer(ended, "chest_pain", None, at(6))
    assert (gone.session.status, stated.reason) == (Status.TRANSFERRED, "chest_pain")  # type: ignore[union-attr]
    assert domain.transfer(gone, "chest_pain", None, at(7)) == (gone, ())
    assert NOON < at(6) == gone.attendance.leave_time  # type: ignore[union-attr]
    assert at(6) - NOON == timedelta(minutes=6)
