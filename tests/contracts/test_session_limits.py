"""Intake and scheduling count a patient's sessions alike: by the local days of the clinic."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.intake import packs
from services.intake.domain.days import day_of
from services.intake.domain.safety import broken
from services.scheduling.domain.hours import Calendar
from services.scheduling.domain.series import SessionLimit
from services.scheduling.domain.shifting import rules_broken

LIMITS = packs.current().limits
DENVER = "America/Denver"
AUTUMN = datetime(2026, 10, 20, tzinfo=UTC)
"""The clocks of Denver go back on 1 November."""
ZONES = (DENVER, "UTC", "Australia/Lord_Howe", "Asia/Kathmandu")


def as_intake(times: list[datetime], zone: str) -> set[str]:
    days = [day_of(moment, ZoneInfo(zone)) for moment in times]
    return set(broken(LIMITS, (), days))


def as_scheduling(times: list[datetime], zone: str) -> set[str]:
    plan: Any = SimpleNamespace(
        limits=[SessionLimit(one.rule_id, one.days, one.at_most) for one in LIMITS]
    )
    wanted: Any = SimpleNamespace(before=())
    calendar = Calendar(zone, 5, lambda day: None)
    agenda: Any = SimpleNamespace(shelf=SimpleNamespace(calendar=calendar))
    return set(rules_broken(plan, wanted, agenda, times))


@given(
    st.lists(st.integers(0, 24 * 120).map(lambda hours: AUTUMN + timedelta(hours=hours))),
    st.sampled_from(ZONES),
)
@example([AUTUMN + timedelta(days=8 * number) for number in range(13)], DENVER)
def test_both_refuse_the_same_sessions(times: list[datetime], zone: str) -> None:
    assert as_intake(times, zone) == as_scheduling(times, zone)


@given(st.lists(st.integers(0, 120), max_size=14))
def test_a_limit_holds_in_every_stretch_of_days(ordinals: list[int]) -> None:
    days = [date(2026, 10, 20) + timedelta(days=one) for one in ordinals]
    found = broken(LIMITS, (), days)
    for limit in LIMITS:
        fullest = max(sum(a <= b < a + limit.days for b in ordinals) for a in range(121))
        assert (limit.rule_id in found) == (fullest > limit.at_most)


@pytest.mark.parametrize(
    ("last", "rules"),
    [
        # Sunday, seven calendar days after the first: 167 hours, for the clocks go back.
        ("2026-11-01T23:30-07:00", set()),
        # Saturday night, still within the seven days that began on Sunday morning.
        ("2026-10-31T23:30-06:00", {"sessions-in-7-days"}),
    ],
)
def test_a_week_ends_at_the_clinics_midnight(last: str, rules: set[str]) -> None:
    told = ["2026-10-25T23:30-06:00", "2026-10-27T08:00-06:00", "2026-10-29T08:00-06:00", last]
    times = [datetime.fromisoformat(one) for one in told]
    assert as_intake(times, DENVER) == as_scheduling(times, DENVER) == rules
