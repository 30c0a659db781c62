"""When an estimate is due: golden tables over weekends, holidays and daylight saving."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.refusal import NotFound
from services.billing import packs
from services.billing.domain import estimate

(POLICY,), CALENDAR = packs.ESTIMATES, packs.CALENDAR
DENVER, PHOENIX = "America/Denver", "America/Phoenix"


def at(local: str, zone: str = DENVER) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("booked", "service", "due"),
    [
        # Thanksgiving: Monday 23 November; the 26th does not count.
        ("2026-11-23T10:00", "2026-12-07T09:00", "2026-11-25T07:00"),  # 9 ahead: 1 day
        ("2026-11-23T10:00", "2026-12-08T09:00", "2026-11-28T07:00"),  # 10 ahead: 3 days
        ("2026-11-23T10:00", "2026-11-27T09:00", "2026-11-25T07:00"),  # 3 ahead: 1 day
        ("2026-11-23T10:00", "2026-11-26T09:00", None),  # 2 ahead: no duty
        ("2026-11-23T10:00", "2026-11-23T15:00", None),  # the same day
        ("2026-11-23T00:00", "2026-11-27T09:00", "2026-11-25T07:00"),  # the first moment of day 0
        ("2026-11-23T23:59", "2026-11-27T09:00", "2026-11-25T07:00"),  # the last minute of day 0
        # Booked on a Saturday: the next business day is still day 1.
        ("2026-11-21T12:00", "2026-11-25T09:00", "2026-11-24T07:00"),
        # Daylight saving begins on Sunday 8 March, and ends on Sunday 1 November.
        ("2026-03-06T12:00", "2026-03-20T09:00", "2026-03-12T06:00"),
        ("2026-03-06T12:00", "2026-03-11T09:00", "2026-03-10T06:00"),
        ("2026-03-05T12:00", "2026-03-10T09:00", "2026-03-07T07:00"),
        ("2026-03-05T12:00", "2026-03-09T09:00", None),
        ("2026-10-30T12:00", "2026-11-04T09:00", "2026-11-03T07:00"),
        ("2026-10-29T12:00", "2026-11-03T09:00", "2026-10-31T06:00"),
        # 4 July 2026 is a Saturday, kept on Friday the 3rd.
        ("2026-07-02T12:00", "2026-07-08T09:00", "2026-07-07T06:00"),
        # New Year's Day 2028 is a Saturday, kept in the year before.
        ("2027-12-30T12:00", "2028-01-05T09:00", "2028-01-04T07:00"),
        # Veterans Day, Juneteenth and Columbus Day.
        ("2026-11-10T12:00", "2026-11-25T09:00", "2026-11-17T07:00"),
        ("2026-06-18T12:00", "2026-06-24T09:00", "2026-06-23T06:00"),
        ("2026-10-09T12:00", "2026-10-15T09:00", "2026-10-14T06:00"),
    ],
)
def test_an_estimate_of_a_scheduled_service(booked: str, service: str, due: str | None) -> None:
    found = estimate.due_when_scheduled(POLICY, CALENDAR, at(booked), at(service), DENVER)
    assert found == (due and datetime.fromisoformat(due).replace(tzinfo=UTC))


def test_a_clinic_without_daylight_saving_keeps_its_midnight() -> None:
    booked, service = at("2026-03-06T12:00", PHOENIX), at("2026-03-11T09:00", PHOENIX)
    due = estimate.due_when_scheduled(POLICY, CALENDAR, booked, service, PHOENIX)
    assert due == datetime(2026, 3, 10, 7, tzinfo=UTC)


def test_day_0_is_the_day_at_the_clinic_and_not_in_greenwich() -> None:
    booked = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
    service = datetime(2026, 11, 27, 16, tzinfo=UTC)
    there = estimate.due_when_scheduled(POLICY, CALENDAR, booked, service, DENVER)
    assert there == datetime(2026, 11, 25, 7, tzinfo=UTC)
    assert estimate.due_when_scheduled(POLICY, CALENDAR, booked, service, "UTC") is None


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2026-11-25T23:59", "2026-12-02T07:00"),  # the eve of Thanksgiving
        ("2026-11-26T00:00", "2026-12-02T07:00"),  # the holiday itself is day 0 all the same
        ("2026-11-27T08:00", "2026-12-03T07:00"),
        ("2026-11-28T08:00", "2026-12-03T07:00"),  # a Saturday
        ("2026-03-05T12:00", "2026-03-11T06:00"),  # over the change to daylight saving
        ("2026-10-28T12:00", "2026-11-03T07:00"),  # and back
        ("2026-12-23T12:00", "2026-12-30T07:00"),  # over Christmas
    ],
)
def test_an_estimate_on_request(asked: str, due: str) -> None:
    found = estimate.due_when_requested(POLICY, CALENDAR, at(asked), DENVER)
    assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("service", "due"),
    [
        (date(2026, 11, 30), "2026-11-28T07:00"),  # Monday: until Friday's midnight
        (date(2026, 11, 27), "2026-11-26T07:00"),  # the day after Thanksgiving: Wednesday
        (date(2026, 11, 25), "2026-11-25T07:00"),
        (date(2026, 3, 9), "2026-03-07T07:00"),
        (date(2026, 3, 10), "2026-03-10T06:00"),
    ],
)
def test_a_change_is_told_in_time(service: date, due: str) -> None:
    found = estimate.last_moment_to_change(POLICY, CALENDAR, service, DENVER)
    assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)


@pytest.mark.parametrize("year", range(2021, 2041))
def test_the_holidays_are_those_of_the_federal_calendar(year: int) -> None:
    """An independent calendar says the same."""
    theirs = holidays.country_holidays("US", years=[year, year + 1])
    every = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    weekdays = [day for day in every if day.weekday() < 5]
    assert {day for day in weekdays if not CALENDAR.is_business_day(day)} == {
        day for day in weekdays if day in theirs
    }


DAYS = st.dates(date(2021, 1, 1), date(2040, 12, 31))


@given(DAYS, st.integers(1, 15))
def test_counting_forward_and_back_agree(day: date, count: int) -> None:
    there = CALENDAR.after(day, count)
    assert CALENDAR.is_business_day(there)
    assert CALENDAR.ahead(day, there) == count
    assert CALENDAR.ahead(day, there - timedelta(days=1)) == count - 1
    back = CALENDAR.before(there, count)
    assert back <= there
    assert CALENDAR.ahead(back, there) == count


@given(DAYS, st.integers(0, 40))
def test_the_nearer_the_service_the_shorter_the_time(day: date, days: int) -> None:
    booked = datetime.combine(day, datetime.min.time(), ZoneInfo(DENVER))
    near = estimate.due_when_scheduled(
        POLICY, CALENDAR, booked, booked + timedelta(days=days), DENVER
    )
    far = estimate.due_when_scheduled(
        POLICY, CALENDAR, booked, booked + timedelta(days=days + 1), DENVER
    )
    assert near is None or (far is not None and near <= far)


def test_before_the_law_there_is_no_policy() -> None:
    with pytest.raises(NotFound):
        estimate.policy_of(packs.ESTIMATES, date(2021, 12, 31))
