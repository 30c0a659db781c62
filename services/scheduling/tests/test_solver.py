"""The solver against trying all: what it finds keeps every rule, and "none" means none."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from services.scheduling.domain import (
    Agenda,
    Because,
    Bound,
    Clinic,
    Closure,
    Hours,
    Kind,
    Patient,
    Placement,
    Preferences,
    Resource,
    Shelf,
    Wish,
    allocate,
    because,
    binding_reason,
    nearest_pattern,
    placements,
    wish,
)
from services.scheduling.packs import policy
from services.scheduling.tests.examples import MONDAY, TAPER, clinic, plan
from services.scheduling.tests.plainly import Plainly

CLINIC = UUID("3f0f3c2e-7d54-4d5c-9d3e-111111111111")
ALWAYS = tuple(Hours(weekday, 480, 1080) for weekday in range(1, 8))


def agenda_of(where: Clinic, closures: Sequence[Closure] = ()) -> Agenda:
    agenda = Agenda(Shelf(where, policy().unit_minutes, closures))
    agenda.complete = True
    return agenda


def found_by(asked: Wish, agenda: Agenda) -> tuple[Placement, ...] | Bound:
    spots = allocate(asked, agenda, 0)
    assert isinstance(spots, tuple | Bound)
    if isinstance(spots, Bound):
        return spots
    return placements(spots, agenda.shelf.fitting(asked.visit), agenda)


hours = st.builds(
    lambda weekday, begin, span: Hours(weekday, begin * 15, (begin + span) * 15),
    st.integers(1, 7),
    st.integers(32, 40),
    st.integers(9, 14),
)
some_hours = st.lists(hours, min_size=1, max_size=4, unique_by=lambda one: one.weekday).map(tuple)
most_days = st.lists(hours, min_size=3, max_size=6, unique_by=lambda one: one.weekday).map(tuple)
shifts = st.one_of(st.just(()), some_hours)


@st.composite
def clinics(draw: st.DrawFn) -> Clinic:
    plain = clinic(draw(st.integers(1, 2)), 1, 1, clinic_id=CLINIC, hours=draw(most_days))
    resources = [
        replace(one, shifts=draw(shifts), patients=draw(st.integers(1, 2)))
        if one.kind == Kind.NURSE
        else one
        for one in plain.resources
    ]
    for kind in (Kind.CHAIR, Kind.MONITOR, Kind.THERAPIST, Kind.PRESCRIBER):
        if draw(st.booleans()):
            there = draw(shifts) if kind in {Kind.PRESCRIBER, Kind.THERAPIST} else ()
            resources.append(Resource(uuid5(CLINIC, kind), kind, kind.value, shifts=there))
    holidays = draw(st.lists(st.dates(date(2026, 11, 23), date(2026, 12, 8)), max_size=2))
    return replace(plain, resources=tuple(resources), holidays=tuple(holidays))


@st.composite
def absences(draw: st.DrawFn, where: Clinic) -> tuple[Closure, ...]:
    kinds = st.sampled_from([None, *(one.resource_id for one in where.resources)])
    begin = st.integers(0, 14 * 24)
    return tuple(
        Closure(
            uuid4(),
            CLINIC,
            draw(kinds),
            start := MONDAY + timedelta(hours=draw(begin)),
            start + timedelta(hours=draw(st.integers(1, 60))),
            "closed",
        )
        for _ in range(draw(st.integers(0, 2)))
    )


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), where=clinics())
def test_it_finds_the_earliest_series_or_says_none_exactly_when_there_is_none(
    data: st.DataObject, where: Clinic
) -> None:
    closures = data.draw(absences(where))
    agenda, booked = agenda_of(where, closures), list[Placement]()
    rules = replace(
        policy(),
        horizon_days=data.draw(st.sampled_from([12, 17])),
        most_in_7_days=data.draw(st.sampled_from([1, 2, 3])),
        most_in_30_days=data.draw(st.sampled_from([2, 10])),
    )
    for _ in range(data.draw(st.integers(0, 6))):
        other = wish(plan(CLINIC, (1,)), rules, agenda, MONDAY)
        spots = allocate(other, agenda, 0)
        if isinstance(spots, tuple):
            fitting = agenda.shelf.fitting(other.visit)
            agenda.take(spots, fitting)
            booked += placements(spots, fitting, agenda)
    windows = data.draw(st.one_of(st.just(()), some_hours))
    weeks = data.draw(st.sampled_from([(1,), (2,), (1, 1), (2, 1), (1, 0, 1)]))
    wanted = plan(CLINIC, weeks, data.draw(st.sampled_from([24, 48, 72])))
    likes = Preferences(windows=windows, therapist=data.draw(st.sampled_from([False, False, True])))
    asked = wish(wanted, rules, agenda, MONDAY, Patient(likes))
    plainly = Plainly(where, closures, booked, asked)
    found = found_by(asked, agenda)
    event(f"a series: {not isinstance(found, Bound)}")
    if isinstance(found, Bound):
        assert plainly.earliest() is None
    else:
        assert plainly.keeps([one.start for one in found])
        assert found[0].start == plainly.earliest()
        spots = allocate(asked, agenda, 0)
        assert isinstance(spots, tuple)
        told = because(asked, agenda, spots)
        assert len(told) == len(found)
        assert windows or Because.PATIENT_WINDOWS not in told
        assert booked or Because.TAKEN not in told


@pytest.mark.parametrize("span", [7, 30, 90])
def test_a_series_takes_other_sessions_of_the_patient_into_account(span: int) -> None:
    where = clinic(hours=ALWAYS)
    agenda = agenda_of(where)
    before = tuple(MONDAY - timedelta(days=days) for days in (1, 3, 5))
    seven, thirty, ninety = (3 if days == span else 99 for days in (7, 30, 90))
    rules = replace(policy(), most_in_7_days=seven, most_in_30_days=thirty, most_in_90_days=ninety)
    asked = wish(plan(where.clinic_id, (1,)), rules, agenda, MONDAY, Patient(sessions=before))
    found = found_by(asked, agenda)
    assert not isinstance(found, Bound)
    assert found[0].start.date() - before[2].date() == timedelta(days=span)


def test_the_same_nurse_is_kept_for_as_many_sessions_as_can_be() -> None:
    where = clinic(2, 2, 2)
    first, second = (one.resource_id for one in where.of(Kind.NURSE))
    away = Closure(uuid4(), where.clinic_id, first, MONDAY + timedelta(days=1), MONDAY + timedelta(days=40), "leave")  # fmt: skip  # noqa: E501
    agenda = agenda_of(where, (away,))
    plain = found_by(wish(plan(where.clinic_id), policy(), agenda, MONDAY), agenda)
    assert not isinstance(plain, Bound)
    assert [one.nurse_id for one in plain] == [first] + [second] * 7
    likes = Patient(Preferences(same_nurse=True))
    asked = wish(plan(where.clinic_id), policy(), agenda, MONDAY, likes)
    found = found_by(asked, agenda)
    assert not isinstance(found, Bound)
    assert {one.nurse_id for one in found} == {second}
    assert [one.start for one in found] == [one.start for one in plain]
    named = Patient(Preferences(nurse_id=first))
    asked = wish(plan(where.clinic_id), policy(), agenda, MONDAY, named)
    assert found_by(asked, agenda) == plain


def full_of(kind: Kind) -> tuple[Clinic, tuple[Closure, ...]]:
    where = clinic(2, 2, 2, hours=ALWAYS)
    until = MONDAY + timedelta(days=200)
    return where, tuple(
        Closure(uuid4(), where.clinic_id, one.resource_id, MONDAY, until, "leave")
        for one in where.of(kind)
    )


@pytest.mark.parametrize(
    ("weeks", "where", "windows", "reason"),
    [
        ((5,), clinic(hours=ALWAYS), (), Bound.LIMITS),
        ((3, 2), clinic(hours=(Hours(2, 480, 1080),)), (), Bound.OPENING_HOURS),
        ((1,), clinic(hours=(Hours(2, 480, 580),)), (), Bound.OPENING_HOURS),
        ((3,), clinic(hours=ALWAYS), (Hours(3, 480, 1080),), Bound.PATIENT_WINDOWS),
    ],
)
def test_the_binding_reason_is_named(
    weeks: tuple[int, ...], where: Clinic, windows: tuple[Hours, ...], reason: Bound
) -> None:
    agenda, likes = agenda_of(where), Patient(Preferences(windows=windows))
    asked = wish(plan(where.clinic_id, weeks), policy(), agenda, MONDAY, likes)
    assert found_by(asked, agenda) == Bound.NO_FREE_TIME
    assert binding_reason(asked, agenda) == reason


@pytest.mark.parametrize("kind", [Kind.ROOM, Kind.PUMP, Kind.NURSE])
def test_the_kind_that_is_used_up_is_named(kind: Kind) -> None:
    where = clinic(2, 2, 2, hours=ALWAYS)
    agenda = agenda_of(where)
    bits = sum(agenda.shelf.bit(one.resource_id, 0) for one in where.of(kind))
    first = agenda.shelf.calendar.ordinal(agenda.shelf.calendar.unit(MONDAY))
    for ordinal in range(first, first + 200):
        agenda.mark(ordinal, range(agenda.shelf.calendar.day(ordinal).units), bits, taken=True)
    asked = wish(plan(where.clinic_id), policy(), agenda, MONDAY)
    assert found_by(asked, agenda) == Bound.NO_FREE_TIME
    assert binding_reason(asked, agenda) == Bound(f"no_free_{kind.value}")


def test_the_nearest_pattern_with_times_is_offered() -> None:
    tuesdays = clinic(hours=(Hours(2, 480, 1080),))
    agenda = agenda_of(tuesdays)
    asked = wish(plan(tuesdays.clinic_id, TAPER), policy(), agenda, MONDAY)
    assert found_by(asked, agenda) == Bound.NO_FREE_TIME
    nearest = nearest_pattern(asked, agenda, policy().patterns)
    assert nearest is not None
    assert nearest[0] == (1, 1, 1)
    assert len(nearest[1]) == 3


def test_it_is_the_same_every_time() -> None:
    where = clinic(2, 2, 2)
    now = datetime(2026, 11, 23, 15, tzinfo=UTC)
    twice = [found_by(wish(plan(where.clinic_id), policy(), one, now), one)
             for one in (agenda_of(where), agenda_of(where))]  # fmt: skip
    assert twice[0] == twice[1]
