"""Shifts, leave, holidays, closures and prescribers: nobody is booked who is not there."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from services.scheduling.domain import (
    Agenda,
    Bound,
    Clinic,
    Closure,
    Hours,
    Kind,
    Placement,
    Plan,
    Preferences,
    Resource,
    Shelf,
    allocate,
    placements,
    wish,
)
from services.scheduling.domain.wish import Patient
from services.scheduling.packs import policy
from services.scheduling.tests.examples import MONDAY, clinic, plan

DENVER = ZoneInfo("America/Denver")
WHERE = clinic(2, 2, 2)
WEEKLY = plan(WHERE.clinic_id, (1, 1))


def found(
    where: Clinic, *closures: Closure, wanted: Plan = WEEKLY, likes: Preferences | None = None
) -> tuple[Placement, ...] | Bound:
    shelf = Shelf(where, policy().unit_minutes, closures)
    agenda = Agenda(shelf)
    agenda.complete = True
    asked = wish(wanted, policy(), agenda, MONDAY, Patient(likes or Preferences()))
    spots = allocate(asked, agenda, 0)
    assert isinstance(spots, tuple | Bound)
    return (
        spots if isinstance(spots, Bound) else placements(spots, shelf.fitting(asked.visit), agenda)
    )


def times(found: tuple[Placement, ...] | Bound) -> list[str]:
    assert not isinstance(found, Bound)
    return [f"{one.start.astimezone(DENVER):%d %H:%M}" for one in found]


def closed(resource: Resource | None, day: int, hours: tuple[int, int]) -> Closure:
    begin, end = (datetime(2026, 11, day, hour, tzinfo=DENVER).astimezone(UTC) for hour in hours)
    return Closure(
        uuid4(), WHERE.clinic_id, resource.resource_id if resource else None, begin, end, "leave"
    )


def changed(kind: Kind, **change: object) -> Clinic:
    return replace(
        WHERE,
        resources=tuple(
            replace(one, **change) if one.kind == kind else one  # type: ignore[arg-type]
            for one in WHERE.resources
        ),
    )


def with_more(*kinds: Kind, shifts: tuple[Hours, ...] = ()) -> Clinic:
    more = tuple(Resource(uuid4(), kind, kind.value, shifts=shifts) for kind in kinds)
    return replace(WHERE, resources=WHERE.resources + more)


def test_without_any_of_it_the_first_time_is_taken() -> None:
    assert times(found(WHERE)) == ["23 10:00", "30 10:00"]


def test_a_holiday_is_closed() -> None:
    closed_days = replace(WHERE, holidays=(date(2026, 11, 23), date(2026, 12, 1)))
    assert times(found(closed_days)) == ["24 08:00", "02 08:00"]


def test_a_closed_clinic_takes_nobody() -> None:
    assert times(found(WHERE, closed(None, 23, (0, 17)))) == ["24 08:00", "01 08:00"]


def test_a_nurse_works_in_her_shifts() -> None:
    afternoons = changed(Kind.NURSE, shifts=(Hours(2, 720, 1080), Hours(3, 720, 1080)))
    assert times(found(afternoons)) == ["24 12:00", "01 12:00"]


def test_a_resource_that_is_away_is_not_taken() -> None:
    first, second = WHERE.of(Kind.PUMP)
    one = found(WHERE, closed(first, 23, (0, 23)))
    assert not isinstance(one, Bound)
    assert [place.pump_id for place in one] == [second.resource_id, first.resource_id]
    both = found(WHERE, closed(first, 23, (0, 23)), closed(second, 23, (0, 12)))
    assert times(both) == ["23 11:45", "30 11:45"]


def test_the_clinic_is_open_while_a_prescriber_is_on_site() -> None:
    tuesdays = with_more(Kind.PRESCRIBER, shifts=(Hours(2, 540, 720), Hours(2, 840, 1080)))
    assert times(found(tuesdays)) == ["24 09:00", "01 09:00"]
    away = closed(tuesdays.of(Kind.PRESCRIBER)[0], 24, (0, 13))
    assert times(found(tuesdays, away)) == ["24 14:00", "01 14:00"]


def test_therapists_and_skills_are_taken_only_when_asked_for() -> None:
    mornings = with_more(Kind.THERAPIST, shifts=(Hours(3, 480, 720),))
    assert times(found(mornings)) == ["23 10:00", "30 10:00"]
    with_one = found(mornings, likes=Preferences(therapist=True))
    assert times(with_one) == ["25 08:00", "02 08:00"]
    assert not isinstance(with_one, Bound)
    assert {one.therapist_id for one in with_one} == {mornings.resources[-1].resource_id}
    assert found(WHERE, likes=Preferences(therapist=True)) == Bound.NO_FREE_TIME
    skilled = Preferences(skills=("kap",))
    assert found(WHERE, likes=skilled) == Bound.NO_FREE_TIME
    assert times(found(changed(Kind.NURSE, skills=("iv", "kap")), likes=skilled))


@pytest.mark.parametrize("kind", [Kind.MONITOR, Kind.CHAIR])
def test_what_a_clinic_lists_its_sessions_take(kind: Kind) -> None:
    one = found(with_more(kind))
    assert not isinstance(one, Bound)
    room_end = {place.room_end - place.infuse_end for place in one}
    assert room_end == {timedelta(minutes=15 if kind == Kind.CHAIR else 60)}
    assert all((place.chair_id is None) == (kind != Kind.CHAIR) for place in one)
    assert all((place.monitor_id is None) == (kind != Kind.MONITOR) for place in one)
