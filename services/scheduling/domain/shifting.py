"""Sessions that move within their series: the rest is shifted, and never pressed together."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from services.scheduling.domain.agenda import Agenda, Unread
from services.scheduling.domain.allocation import Bound, Outcome, Search
from services.scheduling.domain.series import Plan
from services.scheduling.domain.shelf import Spot
from services.scheduling.domain.wish import Wish


def rest_of(wanted: Wish, agenda: Agenda, kept: Sequence[datetime], count: int) -> Wish:
    """The wish for the last sessions of a series whose first ones stay as they are."""
    calendar = agenda.shelf.calendar
    days = [calendar.ordinal(calendar.unit(one)) for one in kept]
    earliest = wanted.earliest
    if kept:
        earliest = max(earliest, calendar.unit(max(kept)) + wanted.gap)
    before = tuple(sorted((*wanted.before, *days)))
    return replace(wanted, weeks=(count,), before=before, earliest=earliest)


def respace(wanted: Wish, agenda: Agenda, olds: Sequence[datetime], after: datetime) -> Outcome:
    """Later times for these sessions, at least as many days apart as they were.

    The first comes after a moment; each keeps its time of day where that is free.
    """
    search, calendar = Search(wanted, agenda), agenda.shelf.calendar
    lower, spots = max(wanted.earliest, calendar.unit(after)), list[Spot]()
    days = [calendar.ordinal(calendar.unit(one)) for one in olds]
    try:
        for number, old in enumerate(olds):
            if spots:
                apart = days[number] - days[number - 1]
                day = calendar.day(spots[-1].ordinal + apart)
                lower = max(day.first, search.unit(spots[-1]) + wanted.gap)
            lower = max(lower, search.rested([*wanted.before, *(one.ordinal for one in spots)]))
            found = search.next(lower, wanted.until, wall_of(old, agenda))
            if found is None:
                return Bound.NO_FREE_TIME
            spots.append(found)
    except Unread as missing:
        return missing
    return tuple(spots)


def wall_of(moment: datetime, agenda: Agenda) -> int:
    """What the clinic's wall clock shows, in minutes of the day."""
    calendar = agenda.shelf.calendar
    unit = calendar.unit(moment)
    day = calendar.day(calendar.ordinal(unit))
    return day.minute(unit - day.first)


def rules_broken(
    plan: Plan, wanted: Wish, agenda: Agenda, starts: Sequence[datetime]
) -> tuple[str, ...]:
    """The rules of the plan's protocol that sessions at these times would break."""
    calendar = agenda.shelf.calendar
    days = sorted([*wanted.before, *(calendar.ordinal(calendar.unit(one)) for one in starts)])
    return tuple(
        rule.rule_id
        for rule in plan.limits
        if any(
            days[at + rule.at_most] - days[at] < rule.days for at in range(len(days) - rule.at_most)
        )
    )


def keeps_apart(wanted: Wish, agenda: Agenda, starts: Sequence[datetime]) -> bool:
    """Whether sessions at these times keep the gap and the limits of the wish."""
    calendar = agenda.shelf.calendar
    units = sorted(calendar.unit(one) for one in starts)
    days = sorted([*wanted.before, *(calendar.ordinal(one) for one in units)])
    apart = all(after - before >= wanted.gap for before, after in pairwise(units))
    return apart and all(
        days[at + most] - days[at] >= span
        for most, span in wanted.limits
        for at in range(len(days) - most)
    )
