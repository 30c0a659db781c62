"""Reminders: at the policy's hours before each session, once, and never for one that has begun."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from services.scheduling.domain.events import Decision, Event, ReminderDue
from services.scheduling.domain.series import Series, Status


def next_reminder(series: Series, hours: Sequence[int]) -> datetime | None:
    """When the next reminder of a booked series is due."""
    if series.status != Status.CONFIRMED or series.reminded_time is None:
        return None
    leads = [timedelta(hours=one) for one in hours]
    times = [start - lead for start in series.starts for lead in leads]
    return min([one for one in times if one > series.reminded_time], default=None)


def remind(series: Series, live: Collection[int], hours: Sequence[int], now: datetime) -> Decision:
    """What has become due since the last time; of several for one session only the nearest."""
    since = series.reminded_time
    if series.status != Status.CONFIRMED or since is None:
        return series, ()
    series, events = series._replace(reminded_time=now), list[Event]()
    for number, start in enumerate(series.starts, 1):
        reached = [one for one in hours if since < start - timedelta(hours=one) <= now]
        if reached and number in live and start > now:
            series = series._replace(revision=series.revision + 1, update_time=now)
            events.append(ReminderDue(series, number, min(reached)))
    return series, tuple(events)
