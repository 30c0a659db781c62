"""Maintenance: sessions by a rule of the clinic's wall clock, booked a horizon at a time.

The rule is an RFC 5545 text without a zone, so 09:00 stays 09:00 whatever the clocks do. A wall
time that does not exist comes as much later as the clock jumps; one that comes twice is the first
of the two. Each session is at its wall time or, where that is taken, at the first free time before
the next is due.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, rrule, rrulestr

from chassis.ids import named
from chassis.refusal import NotAllowed
from services.scheduling.domain.agenda import Agenda, Unread
from services.scheduling.domain.allocation import Bound, Outcome, Search
from services.scheduling.domain.series import Series, Status
from services.scheduling.domain.shelf import Spot
from services.scheduling.domain.standing import opened
from services.scheduling.domain.wish import Wish


class Running(StrEnum):
    """Whether a plan is carried on."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


def must_be_maintained(series: Series, running: Running, every: int) -> int:
    """Days between two sessions: as asked, else as planned; only after the end of a course."""
    if series.status != Status.FULFILLED:
        raise NotAllowed("NOT_FULFILLED", "Sessions of the series are still to come.")
    if running != Running.RUNNING:
        raise NotAllowed("PLAN_NOT_RUNNING", "The plan is paused, or was stopped.")
    days = every or series.plan.maintain_every
    if not days:
        raise NotAllowed("NO_RULE", "Neither the plan nor the call says how often.")
    return days


def may_go_on(series: Series, running: Running) -> bool:
    """A round that is booked and paid is followed by another while its plan runs."""
    booked = series.status in {Status.CONFIRMED, Status.FULFILLED}
    return bool(series.rule) and booked and running == Running.RUNNING


def follow_on(series: Series, every: int, horizon: int, zone: ZoneInfo, now: datetime) -> Series:
    """The next round: from the last session on, as many sessions as the horizon holds."""
    last = max(series.starts).astimezone(zone).replace(tzinfo=None)
    if series.rule:
        last = datetime.combine(last, _due(series.rule)[0].time())
    count = max(1, horizon // every)
    rule = rrule(DAILY, interval=every, count=count, dtstart=last + timedelta(days=every))
    plan = series.plan._replace(weeks=_weeks(every, count), maintain_every=every)
    identity = named(series.series_id, "maintenance")
    return opened(plan, now)._replace(series_id=identity, rule=str(rule))


def by_rule(
    wanted: Wish, agenda: Agenda, rule: str, every: int, start: datetime | None = None
) -> Outcome:
    """Places for a round; one that comes late, or is asked for at a time, is shifted whole."""
    search, calendar = Search(wanted, agenda), agenda.shelf.calendar
    first = calendar.moment(wanted.earliest).astimezone(calendar.zone).replace(tzinfo=None)
    found, ordinals, lower = list[Spot](), list(wanted.before), wanted.earliest
    due = _from(rule, start.astimezone(calendar.zone)) if start else _shifted(rule, first)
    try:
        for number, one in enumerate(due):
            day = calendar.day(one.toordinal())
            minute = one.hour * 60 + one.minute
            upper = calendar.day(one.toordinal() + every).first
            if start and not number:
                lower, upper = max(lower, calendar.unit(start)), calendar.unit(start) + 1
            lower = max(lower, day.first, search.rested(ordinals))
            spot = search.next(lower, min(upper, wanted.until), minute)
            if spot is None:
                return Bound.NO_FREE_TIME
            found.append(spot)
            ordinals.append(spot.ordinal)
            lower = search.unit(spot) + wanted.gap
    except Unread as missing:
        return missing
    return tuple(found)


def _shifted(rule: str, earliest: datetime) -> list[datetime]:
    """When the sessions are due; what is too late comes whole weeks later, on its weekday."""
    due = _due(rule)
    late = timedelta(days=7) * -(-max(timedelta(), earliest - due[0]) // timedelta(days=7))
    return [one + late for one in due]


def _from(rule: str, start: datetime) -> list[datetime]:
    """The same rule with its first session at a given time."""
    due = _due(rule)
    return [one + (start.replace(tzinfo=None) - due[0]) for one in due]


def _due(rule: str) -> list[datetime]:
    return list(rrulestr(rule))


def _weeks(every: int, count: int) -> tuple[int, ...]:
    """The rule as weeks of a plan, for what counts and compares patterns."""
    weeks = [0] * ((count - 1) * every // 7 + 1)
    for number in range(count):
        weeks[number * every // 7] += 1
    return tuple(weeks)
