"""Alerts: raised once, cleared on the calm side, deaf to artefacts and to history."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.refusal import NotAllowed, NotFound
from services.infusion import domain
from services.infusion.domain import Level
from services.infusion.domain.alerts import CADENCE, must_allow_running, raised
from services.infusion.tests import examples as eg
from services.infusion.tests.examples import NOON, PACK

SESSION = uuid4()


def second(count: float) -> datetime:
    return NOON + timedelta(seconds=count)


class Ward:
    """Readings as they come, and the alerts that they leave."""

    def __init__(self) -> None:
        self.alerts: dict[Any, domain.Alert] = {}
        self.readings: dict[datetime, domain.Vitals] = {}

    def tell(self, *readings: domain.Vitals) -> None:
        fresh = {one.measure_time: one for one in readings if one.measure_time not in self.readings}
        if not fresh:
            return
        self.readings |= fresh
        ordered = [self.readings[when] for when in sorted(self.readings)]
        known = list(self.alerts.values())
        quiet = domain.is_quiet(PACK.rules, fresh.values())
        changed = list(domain.watch(SESSION, PACK.rules, known, ordered, frozenset(fresh)))
        if quiet and not any(alert.is_open for alert in known):
            assert not changed
        self.alerts |= {alert.alert_id: alert for alert in changed}

    @property
    def open(self) -> set[str]:
        return {alert.rule_id for alert in self.alerts.values() if alert.is_open}


@pytest.fixture
def ward() -> Ward:
    return Ward()


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({}, set()),
        ({"systolic": 164}, set()),
        ({"systolic": 165}, {"systolic_high"}),
        ({"systolic": 180}, {"systolic_high", "systolic_very_high"}),
        ({"diastolic": 105}, {"diastolic_high"}),
        ({"diastolic": 110}, {"diastolic_high", "diastolic_very_high"}),
        ({"respiratory_rate": 9}, {"breathing_slow"}),
        ({"moaas": 4}, set()),
        ({"moaas": 3}, {"sedation_deep"}),
        ({"moaas": 2}, {"sedation_deep", "sedation_very_deep"}),
        ({"rass": 2}, {"agitation"}),
        ({"systolic": 190, "artefact": True}, set()),
    ],
)
def test_what_is_measured_by_hand_raises_at_once(
    ward: Ward, changes: dict[str, Any], rules: set[str]
) -> None:
    ward.tell(eg.vitals(**changes))
    assert ward.open == rules


@pytest.mark.parametrize(
    ("values", "rules"),
    [
        ([93] * 10, set()),
        ([93] * 11, {"saturation_low"}),
        ([93] * 9 + [97] + [93] * 9, set()),
        ([91] * 11, {"saturation_low", "saturation_very_low"}),
        ([91] * 5 + [93] * 6, {"saturation_low"}),
        ([40] + [97] * 30, set()),
    ],
)
def test_a_monitor_must_say_it_for_a_while(
    ward: Ward, values: Sequence[int], rules: set[str]
) -> None:
    for count, value in enumerate(values):
        ward.tell(eg.vitals(second(count), oxygen_saturation=value))
    assert ward.open == rules
    together = Ward()
    together.tell(
        *(eg.vitals(second(n), oxygen_saturation=value) for n, value in enumerate(values))
    )
    assert together.alerts == ward.alerts


def test_an_alert_clears_on_the_calm_side_only(ward: Ward) -> None:
    for minute, (pressure, rules) in enumerate(
        [
            (181, {"systolic_high", "systolic_very_high"}),
            (170, {"systolic_high", "systolic_very_high"}),
            (165, {"systolic_high", "systolic_very_high"}),
            (164, {"systolic_high"}),
            (160, {"systolic_high"}),
            (159, set()),
            (166, {"systolic_high"}),
        ]
    ):
        ward.tell(eg.vitals(second(60 * minute), systolic=pressure))
        assert ward.open == rules
    assert len(ward.alerts) == 3


def test_what_comes_late_is_history(ward: Ward) -> None:
    ward.tell(eg.vitals(second(600)))
    ward.tell(eg.vitals(second(300), systolic=190))
    assert ward.open == set()
    ward.tell(eg.vitals(second(660), systolic=190))
    ward.tell(eg.vitals(second(650)))
    assert "systolic_high" in ward.open


readings = st.lists(
    st.builds(
        lambda when, spo2, pressure, artefact: eg.vitals(
            second(when), oxygen_saturation=spo2, systolic=pressure, artefact=artefact
        ),
        st.integers(0, 60),
        st.integers(88, 99),
        st.sampled_from([120, 158, 166, 185]),
        st.booleans(),
    ),
    max_size=40,
)


@given(readings)
def test_one_open_alert_a_rule_whatever_comes(told: list[domain.Vitals]) -> None:
    ward = Ward()
    for reading in told:
        before = dict(ward.alerts)
        ward.tell(reading)
        ward.tell(reading)
        opened = [alert.rule_id for alert in ward.alerts.values() if alert.is_open]
        assert len(opened) == len(set(opened))
        for alert in ward.alerts.values():
            assert alert.clear_time is None or alert.clear_time > alert.raise_time
            was = before.get(alert.alert_id)
            assert was is None or was.clear_time in (None, alert.clear_time)
        if reading.artefact:
            assert ward.alerts == before


# --- what an alert forbids --------------------------------------------------------------------


def alert(level: Level, **changes: Any) -> domain.Alert:
    return replace(raised(SESSION, ("rule", level, "systolic"), NOON), **changes)


@pytest.mark.parametrize(
    ("alerts", "reason"),
    [
        ([], ""),
        ([alert(Level.WARN)], ""),
        ([alert(Level.PAUSE)], "ALERT_OPEN"),
        ([alert(Level.PAUSE, acknowledge_time=NOON, acknowledged_by="nurse")], "ALERT_OPEN"),
        ([alert(Level.PAUSE, acknowledge_time=NOON, by_prescriber=True)], ""),
        ([alert(Level.PAUSE, clear_time=NOON)], ""),
        ([alert(Level.STOP, clear_time=NOON, by_prescriber=True)], "ALERT_STOPS"),
    ],
)
def test_when_a_paused_pump_may_run_again(alerts: list[domain.Alert], reason: str) -> None:
    if not reason:
        must_allow_running(alerts)
        return
    with pytest.raises(NotAllowed) as refused:
        must_allow_running(alerts)
    assert refused.value.reason == reason


def test_an_acknowledgement_is_kept_and_a_prescribers_is_not_undone() -> None:
    seen = domain.acknowledge(alert(Level.PAUSE), "nurse", False, NOON)
    assert (seen.acknowledged_by, seen.by_prescriber) == ("nurse", False)
    assert domain.acknowledge(seen, "other", False, second(9)) == seen
    signed = domain.acknowledge(seen, "doctor", True, second(10))
    assert (signed.acknowledged_by, signed.by_prescriber) == ("doctor", True)
    assert domain.acknowledge(signed, "nurse", False, second(11)) == signed
    with pytest.raises(NotFound):
        domain.acknowledge(None, "nurse", False, NOON)


# --- the cadence ------------------------------------------------------------------------------


def minute(count: float) -> datetime:
    return second(60 * count)


def test_a_reading_later_than_cadence_and_grace_is_overdue() -> None:
    running = eg.Case().running()
    assert domain.due_time(running, minute(0), minute(0)) == minute(15)
    assert domain.look(running, minute(4), (), minute(15)) == (running, (), None, minute(19))
    visit, (stated,), told, again = domain.look(running, minute(0), (), minute(15))
    assert isinstance(stated, domain.VitalsOverdue)
    assert (stated.last_time, stated.overdue_time) == (minute(0), minute(15))
    assert visit.session.revision == running.session.revision + 1
    assert told
    assert (told.rule_id, told.level, again) == (CADENCE, Level.WARN, minute(30))
    _, second_time, same, _ = domain.look(visit, minute(0), [told], minute(30))
    assert len(second_time) == 1
    assert same is None


def test_it_is_overdue_too_when_nobody_could_look_in_time() -> None:
    _, (stated,), _, again = domain.look(eg.Case().running(), minute(0), (), minute(90))
    assert isinstance(stated, domain.VitalsOverdue)
    assert (stated.overdue_time, again) == (minute(15), minute(105))


def test_what_is_entered_late_has_a_moment_to_catch_up() -> None:
    late = minute(41) + timedelta(seconds=PACK.cadence.catch_up_seconds)
    assert domain.due_time(eg.Case().running(), minute(0), minute(41)) == late


def test_nobody_waits_for_who_is_not_here() -> None:
    for visit in (eg.Case().planned(), eg.Case().here()):
        assert visit.attendance is None or domain.due_time(visit, NOON, NOON) is None
    assert domain.look(eg.Case().here(), NOON, (), minute(99))[1:] == ((), None, None)


def test_a_pressure_clears_it(ward: Ward) -> None:
    overdue = raised(SESSION, (CADENCE, Level.WARN, "cadence"), minute(15))
    ward.alerts[overdue.alert_id] = overdue
    ward.tell(eg.vitals(minute(16), systolic=None, diastolic=None))
    assert ward.open == {CADENCE}
    ward.tell(eg.vitals(minute(17)))
    assert ward.open == set()
