"""Why a series begins when it does: what kept each of its sessions from being earlier."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum

from services.scheduling.domain.agenda import Agenda
from services.scheduling.domain.allocation import Search
from services.scheduling.domain.shelf import Spot
from services.scheduling.domain.wish import Wish


class Because(StrEnum):
    """The last condition that made a session no earlier."""

    NOTICE = "notice"
    """The lead time, the patient's first day, or the gap to another course."""
    WEEK = "week"
    GAP = "gap"
    LIMITS = "limits"
    OPENING_HOURS = "opening_hours"
    PATIENT_WINDOWS = "patient_windows"
    TAKEN = "taken"
    SAME_TIME = "same_time"
    """It keeps the time of day of the first."""
    PATTERN = "pattern"
    """The sessions after an earlier first one would have found no times."""


Bound = tuple[int, Because]
"""From when a session may be, and what says so."""


def because(wanted: Wish, agenda: Agenda, spots: Sequence[Spot]) -> tuple[Because, ...]:
    """One reason a session, in order."""
    anytime = replace(wanted, preferences=replace(wanted.preferences, windows=()))
    empty = Agenda(agenda.shelf)
    empty.complete = True
    search = Search(wanted, agenda)
    conditions = (
        (Because.OPENING_HOURS, Search(anytime, empty)),
        (Because.PATIENT_WINDOWS, Search(wanted, empty)),
        (Because.TAKEN, search),
    )
    found = [_last(bound, conditions) for bound in _bounds(search, spots)]
    later = [Because.PATTERN, *[Because.SAME_TIME] * (len(spots) - 1)]
    return tuple(
        reason if search.unit(spot) == reached else otherwise
        for spot, (reached, reason), otherwise in zip(spots, found, later, strict=True)
    )


def _last(bound: Bound, conditions: Sequence[tuple[Because, Search]]) -> Bound:
    """The earliest time when one condition after another is added, and the last that mattered."""
    for reason, search in conditions:
        found = search.next(bound[0], search.wanted.until, None)
        if found and search.unit(found) > bound[0]:
            bound = search.unit(found), reason
    return bound


def _bounds(search: Search, spots: Sequence[Spot]) -> Iterator[Bound]:
    """From when each session may be by the rules of the plan, and the rule that says so last."""
    wanted, calendar, first = search.wanted, search.agenda.shelf.calendar, spots[0]
    wall = calendar.day(first.ordinal).minute(first.at)
    weeks = [week for week, count in enumerate(wanted.weeks) for _ in range(count)]
    days = [*wanted.before, *(one.ordinal for one in spots)]
    for number, week in enumerate(weeks):
        placed = days[: len(wanted.before) + number]
        limits = search.rested(placed), Because.LIMITS
        if number == 0:
            yield max((wanted.earliest, Because.NOTICE), limits, key=_unit)
            continue
        begins = calendar.day(first.ordinal + 7 * week)
        start = begins.first + begins.at(wall), Because.WEEK
        gap = search.unit(spots[number - 1]) + wanted.gap, Because.GAP
        yield max(start, gap, limits, key=_unit)


def _unit(bound: Bound) -> int:
    return bound[0]
