"""Finding times for a whole series: values in, places out, the same every time it is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from services.scheduling.domain.agenda import Agenda, Unread
from services.scheduling.domain.policy import Policy
from services.scheduling.domain.series import Plan
from services.scheduling.domain.shelf import Placement, Spot


class Bound(StrEnum):
    """Why a series has no times."""

    NO_FREE_TIME = "no_free_time"
    CLINIC_UNKNOWN = "clinic_unknown"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a series needs, in whole units."""

    weeks: tuple[int, ...]
    gap: int
    length: int
    minutes: int
    earliest: int
    until: int


class Full(NamedTuple):
    """Before this day no session of this length, or longer, can start."""

    before: int
    length: int


Outcome = tuple[Spot, ...] | Unread | Bound


def wish(plan: Plan, policy: Policy, agenda: Agenda, now: datetime) -> Wish:
    """A plan as wanted from now on; two sessions of one patient never overlap."""
    calendar, unit = agenda.shelf.calendar, policy.unit_minutes
    minutes = room_minutes(plan, policy)
    length = -(-minutes // unit)
    return Wish(
        weeks=plan.weeks,
        gap=max(plan.min_gap_hours * 60 // unit, length),
        length=length,
        minutes=minutes,
        earliest=calendar.unit(now + policy.lead),
        until=calendar.unit(now + policy.horizon),
    )


def room_minutes(plan: Plan, policy: Policy) -> int:
    """How long one session keeps its room, pump and nurse."""
    return plan.infusion_minutes + plan.recovery_minutes + policy.turnover_minutes


def allocate(wanted: Wish, agenda: Agenda, full: Full | None) -> Outcome:
    """The earliest first session that the whole pattern can follow, and the pattern after it."""
    lower = _from(wanted, agenda, full)
    try:
        while first := _next(agenda, wanted.length, lower, wanted.until, None):
            for same_time in (True, False):
                placed, window_end = _follow(first, wanted, agenda, same_time=same_time)
                if len(placed) == sum(wanted.weeks):
                    return tuple(placed)
            if window_end >= wanted.until:
                break
            lower = _unit(agenda, first) + 1
    except Unread as missing:
        return missing
    return Bound.NO_FREE_TIME


def _follow(
    first: Spot, wanted: Wish, agenda: Agenda, *, same_time: bool
) -> tuple[list[Spot], int]:
    """The series after its first session, as far as it goes, and the end of the last window."""
    calendar, length = agenda.shelf.calendar, wanted.length
    wall = calendar.day(first.ordinal).minute(first.at)
    placed = [first]
    bound = _unit(agenda, first) + wanted.gap
    end = 0
    for week, count in enumerate(wanted.weeks):
        opening, closing = (calendar.day(first.ordinal + 7 * n) for n in (week, week + 1))
        start, end = opening.first + opening.at(wall), closing.first + closing.at(wall)
        for _ in range(count - (week == 0)):
            lower, upper = max(bound, start), min(end, wanted.until)
            found = _next(agenda, length, lower, upper, wall if same_time else None)
            if found is None:
                return placed, end
            placed.append(found)
            bound = _unit(agenda, found) + wanted.gap
    return placed, end


def _next(agenda: Agenda, length: int, lower: int, upper: int, wall: int | None) -> Spot | None:
    """The first day with a free time in [lower, upper): at the wall time if free, else earliest."""
    if lower >= upper:
        return None
    calendar = agenda.shelf.calendar
    ordinal = calendar.ordinal(lower)
    while (day := calendar.day(ordinal)).first < upper:
        starts = agenda.starts(ordinal, length) & -(1 << max(0, lower - day.first))
        if upper - day.first < day.units:
            starts &= (1 << (upper - day.first)) - 1
        while starts:
            at = (starts & -starts).bit_length() - 1
            if wall is not None and starts >> (same := day.at(wall)) & 1:
                at = same
            if spot := agenda.spot(ordinal, at, length):
                return spot
            agenda.rule_out(ordinal, length, at)
            starts &= ~(1 << at)
        ordinal += 1
    return None


def places_at(starts: Sequence[datetime], minutes: int, agenda: Agenda) -> Outcome:
    """Free places at exactly these times, whatever the room, the pump and the nurse."""
    calendar = agenda.shelf.calendar
    length = -(-minutes // calendar.unit_minutes)
    spots = []
    try:
        for unit in map(calendar.unit, starts):
            ordinal = calendar.ordinal(unit)
            spot = agenda.spot(ordinal, unit - calendar.day(ordinal).first, length)
            if spot is None:
                return Bound.NO_FREE_TIME
            spots.append(spot)
    except Unread as missing:
        return missing
    return tuple(spots)


def placements(spots: Sequence[Spot], minutes: int, agenda: Agenda) -> tuple[Placement, ...]:
    """The spots as times and resources."""
    shelf, lasting = agenda.shelf, timedelta(minutes=minutes)
    moment, rooms, pumps, nurses = shelf.calendar.moment, shelf.rooms, shelf.pumps, shelf.nurses
    return tuple(
        [
            Placement(
                number,
                start := moment(_unit(agenda, spot)),
                start + lasting,
                rooms[spot.room],
                pumps[spot.pump],
                nurses[spot.nurse],
            )
            for number, spot in enumerate(spots, 1)
        ]
    )


def full_before(wanted: Wish, agenda: Agenda, full: Full | None) -> Full | None:
    """What the search has learned about the days from the earliest on."""
    calendar = agenda.shelf.calendar
    today = calendar.ordinal(wanted.earliest)
    current = full if full and full.before > today else None
    if current and wanted.length > current.length:
        return full
    ordinal = current.before if current and wanted.length == current.length else today
    last = calendar.ordinal(wanted.until)
    while ordinal < last and (ordinal in agenda.days or not calendar.day(ordinal).opened):
        first = calendar.day(ordinal).first
        if agenda.starts(ordinal, wanted.length) & -(1 << max(0, wanted.earliest - first)):
            break
        ordinal += 1
    return Full(ordinal, wanted.length) if ordinal > today else None


def window(wanted: Wish, agenda: Agenda, full: Full | None) -> range:
    """The days that the search will most likely need."""
    first = agenda.shelf.calendar.ordinal(_from(wanted, agenda, full))
    return range(first, first + 7 * len(wanted.weeks) + 7)


def _from(wanted: Wish, agenda: Agenda, full: Full | None) -> int:
    if full is None or wanted.length < full.length:
        return wanted.earliest
    return max(wanted.earliest, agenda.shelf.calendar.day(full.before).first)


def _unit(agenda: Agenda, spot: Spot) -> int:
    return agenda.shelf.calendar.day(spot.ordinal).first + spot.at
