"""How many sessions a stretch of days may hold, over all of a patient's plans.

A day is a calendar day of the clinic that plans or books, here as in scheduling (ADR 100).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from services.intake.domain.pack import Schedule, SessionLimit

_WEEK, _HOURS = 7, 24


def fullest(schedule: Schedule, days: int) -> int:
    """The most sessions that so many days of a series can hold."""
    weeks, span = schedule.sessions_per_week, -(-days // _WEEK)
    return max(sum(weeks[first : first + span]) for first in range(len(weeks)))


def planned(schedule: Schedule, first: date) -> Iterator[date]:
    """On which days the sessions of a series would be, as early as its schedule lets them."""
    for week, count in enumerate(schedule.sessions_per_week):
        for number in range(count):
            apart = number * schedule.min_gap_hours // _HOURS
            yield first + timedelta(days=_WEEK * week + apart)


def broken(
    limits: Iterable[SessionLimit], given: Sequence[date], coming: Iterable[date]
) -> tuple[str, ...]:
    """The limits that some coming session would break, by rule id."""
    ahead = tuple(coming)
    every = (*given, *ahead)
    return tuple(
        limit.rule_id
        for limit in limits
        if any(_count(every, day, limit.days) > limit.at_most for day in ahead)
    )


def _count(every: Iterable[date], until: date, days: int) -> int:
    """Among so many days, of which this is the last."""
    before = until - timedelta(days=days)
    return sum(before < day <= until for day in every)
