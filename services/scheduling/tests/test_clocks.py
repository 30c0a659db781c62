# ruff: noqa: E501
"""Golden times: 09:00 stays 09:00 when the clocks change, in every kind of zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.scheduling.domain import Agenda, Hours, Shelf, allocate, placements, wish
from services.scheduling.packs import policy
from services.scheduling.tests.examples import clinic, plan


def starts(zone: str, now: str, *weeks: int, opens: int = 540, closes: int = 1080) -> list[str]:
    hours = tuple(Hours(day, opens, closes) for day in range(1, 8))
    where = clinic(zone=zone, hours=hours)
    agenda = Agenda(Shelf(where, policy().unit_minutes))
    agenda.complete = True
    begin = datetime.fromisoformat(now).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    asked = wish(plan(where.clinic_id, weeks), policy(), agenda, begin)
    spots = allocate(asked, agenda, 0)
    assert isinstance(spots, tuple)
    found = placements(spots, agenda.shelf.fitting(asked.visit), agenda)
    return [f"{one.start:%Y-%m-%d %H:%MZ}" for one in found]


GOLDEN = [
    ("America/Denver", "2027-03-04T22:00", ["2027-03-05 16:00Z", "2027-03-12 16:00Z", "2027-03-19 15:00Z"]),
    ("America/Denver", "2026-10-22T22:00", ["2026-10-23 15:00Z", "2026-10-30 15:00Z", "2026-11-06 16:00Z"]),
    ("Europe/London", "2027-03-18T22:00", ["2027-03-19 09:00Z", "2027-03-26 09:00Z", "2027-04-02 08:00Z"]),
    ("Europe/London", "2026-10-15T22:00", ["2026-10-16 08:00Z", "2026-10-23 08:00Z", "2026-10-30 09:00Z"]),
    ("Australia/Sydney", "2026-09-24T22:00", ["2026-09-24 23:00Z", "2026-10-01 23:00Z", "2026-10-08 22:00Z"]),
    ("Australia/Sydney", "2027-03-25T22:00", ["2027-03-25 22:00Z", "2027-04-01 22:00Z", "2027-04-08 23:00Z"]),
    ("America/Phoenix", "2027-03-04T22:00", ["2027-03-05 16:00Z", "2027-03-12 16:00Z", "2027-03-19 16:00Z"]),
    ("America/Phoenix", "2026-10-22T22:00", ["2026-10-23 16:00Z", "2026-10-30 16:00Z", "2026-11-06 16:00Z"]),
    ("Pacific/Tongatapu", "2027-03-04T22:00", ["2027-03-04 20:00Z", "2027-03-11 20:00Z", "2027-03-18 20:00Z"]),
    ("America/Denver", "2028-02-21T22:00", ["2028-02-22 16:00Z", "2028-02-29 16:00Z", "2028-03-07 16:00Z"]),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "now", "golden"), GOLDEN, ids=lambda one: str(one)[:17])
def test_nine_stays_nine(zone: str, now: str, golden: list[str]) -> None:
    found = starts(zone, now, 1, 1, 1)
    assert found == golden
    walls = {
        datetime.strptime(one, "%Y-%m-%d %H:%M%z").astimezone(ZoneInfo(zone)).strftime("%H:%M")
        for one in (text.replace("Z", "+0000") for text in found)
    }
    assert walls == {"09:00"}


def test_a_time_that_does_not_exist_comes_as_much_later_as_the_clock_jumps() -> None:
    found = starts("America/Denver", "2027-03-06T23:30", 1, 1, 1, opens=150, closes=420)
    assert found == ["2027-03-07 09:30Z", "2027-03-14 09:30Z", "2027-03-21 08:30Z"]


def test_an_opening_that_comes_twice_is_the_second_of_the_two() -> None:
    found = starts("America/Denver", "2026-10-24T23:00", 1, 1, 1, opens=75, closes=420)
    assert found == ["2026-10-25 07:15Z", "2026-11-01 08:15Z", "2026-11-08 08:15Z"]
