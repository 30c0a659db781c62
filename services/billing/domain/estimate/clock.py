"""When an estimate must be in the patient's hands: moments on the clinic's own wall clock."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from services.billing.domain.estimate.calendar import Calendar
from services.billing.domain.estimate.policy import Policy


def due_when_scheduled(
    policy: Policy, calendar: Calendar, booked: datetime, service: datetime, zone: str
) -> datetime | None:
    """The end of the last day to provide it; None when the service is too near for the duty."""
    return _due(policy, calendar, local_day(booked, zone), local_day(service, zone), zone)


def due_when_requested(policy: Policy, calendar: Calendar, asked: datetime, zone: str) -> datetime:
    """A question about costs is a request, however near the service."""
    return midnight_after(calendar.after(local_day(asked, zone), policy.requested_within), zone)


def last_moment_to_change(policy: Policy, calendar: Calendar, service: date, zone: str) -> datetime:
    """A changed estimate must be provided so many business days before the service."""
    return midnight_after(calendar.before(service, policy.changed_before), zone)


def local_day(moment: datetime, zone: str) -> date:
    """The day it is then at the clinic."""
    return moment.astimezone(ZoneInfo(zone)).date()


def midnight_after(day: date, zone: str) -> datetime:
    """The moment the day ends at the clinic; a day may have 23 or 25 hours."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))


@lru_cache(maxsize=4096)
def _due(
    policy: Policy, calendar: Calendar, booked: date, service: date, zone: str
) -> datetime | None:
    ahead = calendar.ahead(booked, service)
    for step in policy.scheduled:
        if ahead >= step.ahead:
            return midnight_after(calendar.after(booked, step.within), zone)
    return None
