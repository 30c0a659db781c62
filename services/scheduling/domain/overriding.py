"""Overrides: what may be set aside by whoever answers for it, and what may not.

Nobody overrides the books themselves: a room, a pump, a nurse's place is never promised twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from chassis.refusal import NotAllowed
from services.scheduling.domain.agenda import Agenda, Unread
from services.scheduling.domain.allocation import Bound, Outcome
from services.scheduling.domain.shelf import Fitting
from services.scheduling.domain.shifting import keeps_apart
from services.scheduling.domain.wish import Wish


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides against the rules, in which role, why, and by which request."""

    person: str
    role: str
    reason: str
    request_id: UUID


@dataclass(frozen=True, slots=True)
class Override:
    """One decision against the rules."""

    by: Decider
    number: int
    rules: tuple[str, ...]
    old: datetime
    new: datetime
    at: datetime


def must_be_defensible(
    starts: Sequence[datetime], number: int, start: datetime, floor: timedelta, now: datetime
) -> None:
    """In the order of the series, ahead, and never nearer another session than the hard floor."""
    before, after = starts[: number - 1], starts[number:]
    near = [one for one in (*before, *after) if abs(one - start) < floor]
    in_order = all(one < start for one in before) and all(one > start for one in after)
    if near or not in_order or start <= now:
        raise NotAllowed("TOO_CLOSE", "Nobody may treat a patient again so soon, or so late.")


def set_aside(
    wanted: Wish, agenda: Agenda, starts: Sequence[datetime], number: int, start: datetime
) -> tuple[str, ...]:
    """The rules that a session at this time breaks, by name."""
    calendar, fitting = agenda.shelf.calendar, agenda.shelf.fitting(wanted.visit)
    unit = calendar.unit(start)
    day = calendar.day(calendar.ordinal(unit))
    at, length = unit - day.first, fitting.length
    moved = [*starts[: number - 1], start, *starts[number:]]
    windows = wanted.preferences.windows
    kept = {
        "opening_hours": day.starts(length) >> at & 1,
        "patient_windows": not windows or wanted.starts_allowed(day, length) >> at & 1,
        "lead_time": unit >= wanted.earliest,
        "gap": keeps_apart(replace(wanted, limits=()), agenda, moved),
        "limits": keeps_apart(replace(wanted, gap=0), agenda, moved),
    }
    return tuple(rule for rule, holds in kept.items() if not holds)


def place_anyhow(start: datetime, fitting: Fitting, agenda: Agenda) -> Outcome:
    """A free seat of each kind at exactly this time, whether the clinic is open or not."""
    calendar = agenda.shelf.calendar
    unit = calendar.unit(start)
    ordinal = calendar.ordinal(unit)
    day = calendar.day(ordinal)
    if calendar.moment(unit) != start or unit - day.first + fitting.length > day.units:
        return Bound.NO_FREE_TIME
    try:
        spot = agenda.spot(ordinal, unit - day.first, fitting)
    except Unread as missing:
        return missing
    return (spot,) if spot else Bound.NO_FREE_TIME
