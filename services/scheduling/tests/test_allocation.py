"""Every series found keeps its pattern, its gaps, the opening hours, and to itself."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.scheduling.domain import (
    Agenda,
    Bound,
    Clinic,
    Day,
    Hours,
    Placement,
    Plan,
    Policy,
    Search,
    Shape,
    Shelf,
    Spot,
    Unread,
    Visit,
    Wish,
    advanced,
    allocate,
    first_unit,
    given_back,
    placements,
    places_at,
    window,
    wish,
)
from services.scheduling.packs import policy
from services.scheduling.tests.examples import MONDAY, TAPER, clinic, plan

DENVER = ZoneInfo("America/Denver")
ZONES = ["America/Denver", "America/New_York", "Australia/Lord_Howe", "America/Havana", "UTC"]


def agenda_of(clinic: Clinic) -> Agenda:
    agenda = Agenda(Shelf(clinic, policy().unit_minutes))
    agenda.complete = True
    return agenda


def hold(
    agenda: Agenda, wanted: Plan, now: datetime = MONDAY, rules: Policy | None = None
) -> tuple[Placement, ...] | Bound:
    asked = wish(wanted, rules or policy(), agenda, now)
    found = allocate(asked, agenda, 0)
    assert not isinstance(found, Unread)
    if isinstance(found, Bound):
        return found
    fitting = agenda.shelf.fitting(asked.visit)
    agenda.take(found, fitting)
    return placements(found, fitting, agenda)


def placed(agenda: Agenda, wanted: Plan, now: datetime = MONDAY) -> tuple[Placement, ...]:
    found = hold(agenda, wanted, now)
    assert not isinstance(found, Bound)
    return found


def must_keep_the_rules(clinic: Clinic, wanted: Plan, found: tuple[Placement, ...]) -> None:
    zone = ZoneInfo(clinic.time_zone)
    starts = [one.start for one in found]
    assert [one.number for one in found] == list(range(1, sum(wanted.weeks) + 1))
    gap = timedelta(hours=wanted.min_gap_hours)
    assert all(after - before >= gap for before, after in pairwise(starts))
    first = starts[0].astimezone(zone)
    per_week = Counter(
        max(
            week
            for week in range(len(wanted.weeks))
            if wall_after(first, 7 * week) <= start.astimezone(UTC)
        )
        for start in starts
    )
    assert tuple(per_week[week] for week in range(len(wanted.weeks))) == wanted.weeks
    assert starts[-1] < wall_after(first, 7 * len(wanted.weeks))
    for one in found:
        begin, end = one.start.astimezone(zone), one.end.astimezone(zone)
        assert begin.date() == (end - timedelta(microseconds=1)).date()
        last = (end - timedelta(minutes=1)).hour * 60 + (end - timedelta(minutes=1)).minute
        assert any(
            hours.weekday == begin.isoweekday()
            and hours.open_minute <= begin.hour * 60 + begin.minute
            and last < hours.close_minute
            for hours in clinic.hours
        )


def wall_after(first: datetime, days: int) -> datetime:
    return (first.replace(fold=0) + timedelta(days=days)).astimezone(UTC)


def must_not_overlap(everything: list[Placement]) -> None:
    by_seat: dict[object, list[tuple[datetime, datetime]]] = {}
    for one in everything:
        for resource_id, place, start, end in one.parts():
            if resource_id:
                by_seat.setdefault((resource_id, place), []).append((start, end))
    for taken in by_seat.values():
        assert all(before[1] <= after[0] for before, after in pairwise(sorted(taken)))


def test_a_taper_keeps_its_time_of_day() -> None:
    found = placed(agenda_of(clinic()), plan(clinic().clinic_id))
    local = [one.start.astimezone(DENVER) for one in found]
    assert [f"{one:%a %d %H:%M}" for one in local] == [
        "Mon 23 10:00",
        "Wed 25 10:00",
        "Fri 27 10:00",
        "Mon 30 10:00",
        "Wed 02 10:00",
        "Mon 07 10:00",
        "Mon 14 10:00",
        "Mon 21 10:00",
    ]
    assert {one.end - one.start for one in found} == {timedelta(hours=2)}


def test_it_takes_the_earliest_when_its_own_time_is_gone() -> None:
    one_room = clinic(1, 1, 1)
    agenda = agenda_of(one_room)
    weekly = plan(one_room.clinic_id, (1, 1))
    first = placed(agenda, plan(one_room.clinic_id, (1,)), MONDAY + timedelta(days=7))
    second = placed(agenda, weekly)
    assert first[0].start.astimezone(DENVER).hour == 10
    assert [f"{one.start.astimezone(DENVER):%d %H:%M}" for one in second] == [
        "23 10:00",
        "30 12:00",
    ]


def test_a_session_that_fits_no_opening_is_waitlisted() -> None:
    short = clinic(hours=(Hours(1, 480, 599),))
    assert hold(agenda_of(short), plan(short.clinic_id)) == Bound.NO_FREE_TIME


def test_touching_hours_are_one_opening() -> None:
    split = clinic(hours=(Hours(1, 600, 660), Hours(1, 660, 720)))
    assert placed(agenda_of(split), plan(split.clinic_id, (1,)))


def test_a_pattern_that_the_clinic_cannot_keep_is_waitlisted() -> None:
    tuesdays = clinic(hours=(Hours(2, 480, 1080),))
    assert hold(agenda_of(tuesdays), plan(tuesdays.clinic_id)) == Bound.NO_FREE_TIME


def test_nothing_starts_after_the_horizon() -> None:
    tight = clinic(1, 1, 1, hours=(Hours(1, 480, 600),))
    agenda, horizon = agenda_of(tight), MONDAY + policy().horizon
    weekly = [hold(agenda, plan(tight.clinic_id, (1,))) for _ in range(40)]
    held = [one for one in weekly if not isinstance(one, Bound)]
    assert len(held) == 25
    assert max(one[0].start for one in held) < horizon


def test_a_later_first_session_is_tried_when_the_earliest_cannot_be_followed() -> None:
    one_room = clinic(1, 1, 1, hours=(Hours(1, 480, 1080),))
    agenda = agenda_of(one_room)
    for _ in range(6):
        placed(agenda, plan(one_room.clinic_id, (1,)), MONDAY + timedelta(days=5))
    found = placed(agenda, plan(one_room.clinic_id, (1, 1)))
    local = [f"{one.start.astimezone(DENVER):%d %H:%M}" for one in found]
    assert local == ["23 10:15", "07 10:00"]


def test_an_unread_day_is_asked_for() -> None:
    agenda = Agenda(Shelf(clinic(), policy().unit_minutes))
    wanted = wish(plan(clinic().clinic_id), policy(), agenda, MONDAY)
    missing = allocate(wanted, agenda, 0)
    assert isinstance(missing, Unread)
    assert missing.ordinal in window(wanted, agenda, 0)


def test_what_was_impossible_stays_so_until_a_time_is_given_back() -> None:
    busy = clinic(1, 1, 1)
    agenda, wanted = agenda_of(busy), plan(busy.clinic_id)
    asked = wish(wanted, policy(), agenda, MONDAY)
    reach: dict[str, int] = {}
    for _ in range(30):
        found = allocate(asked, agenda, 0)
        assert found == allocate(asked, agenda, reach.get(asked.pattern, 0))
        assert isinstance(found, tuple)
        agenda.take(found, agenda.shelf.fitting(asked.visit))
        reach = dict(advanced(reach, asked.pattern, first_unit(found, agenda)))
    earlier = agenda.shelf.calendar.unit(MONDAY + timedelta(days=60))
    back = given_back(reach, earlier, 96)[asked.pattern]
    assert back == min(reach[asked.pattern], earlier - 36 * 96)


def test_only_so_many_patterns_are_remembered() -> None:
    reach: dict[str, int] = {}
    for n in range(20):
        reach = dict(advanced(reach, str(n), n))
    assert list(reach) == [str(n) for n in range(4, 20)]


def test_the_same_times_are_found_again_or_not_at_all() -> None:
    one_room = clinic(1, 1, 1)
    agenda = agenda_of(one_room)
    found = placed(agenda, plan(one_room.clinic_id))
    starts = [one.start for one in found]
    fitting = agenda.shelf.fitting(Visit(Shape(15, 45, 45, 15)))
    assert places_at(starts, fitting, agenda) == Bound.NO_FREE_TIME
    for one in found:
        for ordinal, units, bits in agenda.where(one):
            agenda.mark(ordinal, units, bits, taken=False)
    again = places_at(starts, fitting, agenda)
    assert isinstance(again, tuple)
    assert placements(again, fitting, agenda) == found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    zone=st.sampled_from(ZONES),
    counts=st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3)),
    hours=st.lists(
        st.builds(
            lambda weekday, begin, span: Hours(weekday, begin * 15, min(1440, (begin + span) * 15)),
            st.integers(1, 7),
            st.integers(0, 80),
            st.integers(9, 60),
        ),
        min_size=1,
        max_size=7,
        unique_by=lambda one: one.weekday,
    ),
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1)),  # noqa: DTZ001
    plans=st.lists(
        st.tuples(
            st.lists(st.integers(0, 3), min_size=1, max_size=5).filter(lambda w: w[0] > 0),
            st.sampled_from([24, 48, 72]),
            st.sampled_from([30, 45, 100]),
        ),
        min_size=1,
        max_size=12,
    ),
)
def test_whatever_is_held_keeps_every_rule(
    zone: str,
    counts: tuple[int, int, int],
    hours: list[Hours],
    now: datetime,
    plans: list[tuple[list[int], int, int]],
) -> None:
    where = clinic(*counts, hours=tuple(hours), zone=zone)
    agenda, everything = agenda_of(where), list[Placement]()
    for weeks, gap, minutes in plans:
        wanted = plan(where.clinic_id, tuple(weeks), gap, minutes)
        found = hold(agenda, wanted, now.replace(tzinfo=UTC))
        if not isinstance(found, Bound):
            must_keep_the_rules(where, wanted, found)
            assert found[0].start >= now.replace(tzinfo=UTC) + policy().lead
            everything += found
    must_not_overlap(everything)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("month", [3, 4, 10, 11])
def test_a_clock_change_keeps_sessions_inside_the_hours(zone: str, month: int) -> None:
    nights = tuple(Hours(weekday, 0, 300) for weekday in range(1, 8))
    where = clinic(3, 3, 3, hours=nights, zone=zone)
    agenda, everything = agenda_of(where), list[Placement]()
    for day in range(1, 28):
        wanted = plan(where.clinic_id, TAPER)
        found = placed(agenda, wanted, datetime(2026, month, day, tzinfo=UTC))
        must_keep_the_rules(where, wanted, found)
        everything += found
    must_not_overlap(everything)


@given(st.lists(st.integers(0, 2**70), min_size=100, max_size=100))
def test_a_day_is_the_same_when_packed_and_unpacked(units: list[int]) -> None:
    day = Day()
    for unit, bits in enumerate(units):
        day.mark(range(unit, unit + 1), bits, 100, taken=True)
    assert Day(day.packed()).units(100) == units
    assert Day(day.packed()).packed() == day.packed()


def plainly(asked: Wish, agenda: Agenda) -> tuple[Spot, ...] | Bound:
    """The same search without any short cut: every first session, one unit after another."""
    lower, search = asked.earliest, Search(asked, agenda)
    while first := search.first(lower):
        for same_time in (True, False):
            found, missing = search.follow(first, same_time=same_time)
            if missing is None:
                return tuple(found)
        lower = search.unit(first) + 1
    return Bound.NO_FREE_TIME


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    zone=st.sampled_from(ZONES),
    weekdays=st.sets(st.integers(1, 7), min_size=1, max_size=5),
    span=st.sampled_from([135, 255, 375]),
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1)),  # noqa: DTZ001
    steps=st.lists(
        st.tuples(
            st.sampled_from([(1,), (2, 1), (1, 0, 1), (3, 2, 1), (2, 2, 2)]),
            st.sampled_from([24, 48]),
            st.sampled_from([45, 75]),
            st.booleans(),
        ),
        min_size=1,
        max_size=25,
    ),
)
def test_the_short_cuts_change_nothing(
    zone: str,
    weekdays: set[int],
    span: int,
    now: datetime,
    steps: list[tuple[tuple[int, ...], int, int, bool]],
) -> None:
    hours = tuple(Hours(weekday, 60, 60 + span) for weekday in sorted(weekdays))
    where = clinic(1, 1, 1, hours=hours, zone=zone)
    rules = replace(policy(), horizon_days=60)
    agenda, reach = agenda_of(where), dict[str, int]()
    held, asked_before = list[tuple[Spot, ...]](), list[Wish]()
    for weeks, gap, minutes, gives_back in steps:
        asked = wish(
            plan(where.clinic_id, weeks, gap, minutes), rules, agenda, now.replace(tzinfo=UTC)
        )
        found = allocate(asked, agenda, reach.get(asked.pattern, 0))
        assert found == plainly(asked, agenda)
        if isinstance(found, tuple):
            agenda.take(found, agenda.shelf.fitting(asked.visit))
            held.append(found)
            asked_before.append(asked)
            reach = dict(advanced(reach, asked.pattern, first_unit(found, agenda)))
        if gives_back and held:
            at = len(held) // 2
            freed = held.pop(at)
            fitting = agenda.shelf.fitting(asked_before.pop(at).visit)
            for one in placements(freed, fitting, agenda):
                for ordinal, units, bits in agenda.where(one):
                    agenda.mark(ordinal, units, bits, taken=False)
            reach = dict(given_back(reach, first_unit(freed, agenda), 96))
