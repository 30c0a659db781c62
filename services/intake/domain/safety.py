"""How many sessions a stretch of days may hold, over all of a patient's plans."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from services.intake.domain.pack import Schedule, SessionLimit

_WEEK = 7


def fullest(schedule: Schedule, days: int) -> int:
    """The most sessions that so many days of a series can hold."""
    weeks, span = schedule.sessions_per_week, -(-days // _WEEK)
    return max(sum(weeks[first : first + span]) for first in range(len(weeks)))


def planned(schedule: Schedule, begin: datetime) -> Iterator[datetime]:
    """When the sessions of a series would be, as early as its schedule lets them."""
    gap = timedelta(hours=schedule.min_gap_hours)
    for week, count in enumerate(schedule.sessions_per_week):
        for number in range(count):
            yield begin + timedelta(days=_WEEK * week) + number * gap


def broken(
    limits: Iterable[SessionLimit], given: Sequence[datetime], coming: Iterable[datetime]
) -> tuple[str, ...]:
    """The limits that some coming session would break, by rule id."""
    ahead = tuple(coming)
    every = (*given, *ahead)
    return tuple(
        limit.rule_id
        for limit in limits
        if any(_count(every, moment, limit.days) > limit.at_most for moment in ahead)
    )


def _count(every: Iterable[datetime], until: datetime, days: int) -> int:
    begin = until - timedelta(days=days)
    return sum(begin < moment <= until for moment in every)
