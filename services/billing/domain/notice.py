"""How long before a session the patient told us, by calendar hours or by hours of business days."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, tzinfo


def calendar_notice(told: datetime, start: datetime) -> timedelta:
    """The whole time; telling after the start is no notice."""
    return max(start - told, timedelta())


def business_notice(
    told: datetime, start: datetime, zone: tzinfo, is_business_day: Callable[[date], bool]
) -> timedelta:
    """Only the hours of business days count, by the clinic's own clock."""
    day, last, counted = told.astimezone(zone).date(), start.astimezone(zone).date(), timedelta()
    while day <= last:
        if is_business_day(day):
            opens = max(told, datetime.combine(day, time(), zone))
            closes = min(start, datetime.combine(day + timedelta(days=1), time(), zone))
            counted += max(closes.timestamp() - opens.timestamp(), 0) * timedelta(seconds=1)
        day += timedelta(days=1)
    return counted
