"""A choice is explained: each session says what kept it from being earlier."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.scheduling.domain import (
    Agenda,
    Clinic,
    Hours,
    Kind,
    Patient,
    Preferences,
    Shelf,
    allocate,
    because,
    wish,
)
from services.scheduling.packs import policy
from services.scheduling.tests.examples import MONDAY, SUNDAY, TAPER, clinic, plan

AFTERNOONS = tuple(Hours(day, 780, 960) for day in range(1, 8))
TWO_DAYS = clinic(1, 1, 1, hours=(Hours(2, 480, 1080), Hours(4, 480, 1080)))


def taken(days: int, units: range) -> Callable[[Agenda], None]:
    """The rooms of a day so many days after Monday."""

    def mark(agenda: Agenda) -> None:
        shelf = agenda.shelf
        rooms = sum(shelf.bit(one.resource_id, 0) for one in shelf.clinic.of(Kind.ROOM))
        agenda.mark((MONDAY + timedelta(days=days)).toordinal(), units, rooms, taken=True)

    return mark


def nothing(_: Agenda) -> None: ...


@pytest.mark.parametrize(
    ("weeks", "gap", "now", "windows", "where", "busy", "reasons"),
    [
        (TAPER, 48, MONDAY, (), clinic(), nothing, "notice gap gap week gap week week week"),
        ((2,), 48, SUNDAY, (), clinic(), nothing, "opening_hours gap"),
        ((2,), 48, MONDAY, AFTERNOONS, clinic(), nothing, "patient_windows gap"),
        ((1, 1), 48, MONDAY, (), clinic(), taken(0, range(32, 50)), "taken week"),
        ((2,), 30, MONDAY, (), clinic(), nothing, "notice gap"),
        ((2,), 40, MONDAY, (), clinic(), nothing, "notice same_time"),
        ((2,), 48, MONDAY, (), TWO_DAYS, taken(3, range(96)), "pattern taken"),
    ],
)
def test_the_last_condition_that_mattered_is_named(
    weeks: tuple[int, ...],
    gap: int,
    now: datetime,
    windows: tuple[Hours, ...],
    where: Clinic,
    busy: Callable[[Agenda], None],
    reasons: str,
) -> None:
    agenda = Agenda(Shelf(where, policy().unit_minutes))
    agenda.complete = True
    busy(agenda)
    likes = Patient(Preferences(windows=windows))
    asked = wish(plan(where.clinic_id, weeks, gap), policy(), agenda, now, likes)
    spots = allocate(asked, agenda, 0)
    assert isinstance(spots, tuple)
    assert " ".join(because(asked, agenda, spots)) == reasons


def test_a_limit_is_named_when_it_is_what_binds() -> None:
    where = clinic(hours=tuple(Hours(day, 0, 1440) for day in range(1, 8)))
    agenda = Agenda(Shelf(where, policy().unit_minutes))
    agenda.complete = True
    rules = replace(policy(), most_in_7_days=1)
    earlier = Patient(sessions=(MONDAY - timedelta(days=3),))
    asked = wish(plan(where.clinic_id, (1,)), rules, agenda, MONDAY, earlier)
    spots = allocate(asked, agenda, 0)
    assert isinstance(spots, tuple)
    assert because(asked, agenda, spots) == ("limits",)
