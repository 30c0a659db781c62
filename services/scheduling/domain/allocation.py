"""Finding times for a whole series: values in, places out, the same every time it is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

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

    @property
    def pattern(self) -> str:
        """What two wishes share that can begin at the same times."""
        return f"{','.join(map(str, self.weeks))}/{self.gap}/{self.length}"


_SHIFT = 120
"""Clocks change by at most so many minutes, and a window that spans a change ends as much later."""

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


def allocate(wanted: Wish, agenda: Agenda, reached: int) -> Outcome:
    """The earliest first session that the whole pattern can follow, and the pattern after it.

    Nothing before `reached` is tried. A first session that fails for want of a start before some
    moment is tried again only as much later as brings the next free start before that moment.
    """
    lower = max(wanted.earliest, reached)
    try:
        while first := _next(agenda, wanted.length, lower, wanted.until, None):
            for same_time in (True, False):
                placed, upper = _follow(first, wanted, agenda, same_time=same_time)
                if upper is None:
                    return tuple(placed)
            assert upper is not None
            free = _next(agenda, wanted.length, upper, wanted.until, None)
            if free is None:
                break
            later = _unit(agenda, free) - upper + 1 - _SHIFT // agenda.shelf.calendar.unit_minutes
            lower = _unit(agenda, first) + max(1, later)
    except Unread as missing:
        return missing
    return Bound.NO_FREE_TIME


def _follow(
    first: Spot, wanted: Wish, agenda: Agenda, *, same_time: bool
) -> tuple[list[Spot], int | None]:
    """The series after its first session, and before when a start was missing, if one was."""
    calendar, length = agenda.shelf.calendar, wanted.length
    wall = calendar.day(first.ordinal).minute(first.at)
    kept = wall if same_time else None
    placed = [first]
    bound = _unit(agenda, first) + wanted.gap
    closing = calendar.day(first.ordinal)
    end = closing.first + first.at
    for week, count in enumerate(wanted.weeks):
        start, closing = end, calendar.day(first.ordinal + 7 * (week + 1))
        end = closing.first + closing.at(wall)
        for _ in range(count - (week == 0)):
            upper = min(end, wanted.until)
            found = _next(agenda, length, max(bound, start), upper, kept)
            if found is None:
                return placed, upper
            placed.append(found)
            bound = _unit(agenda, found) + wanted.gap
    return placed, None


def _next(agenda: Agenda, length: int, lower: int, upper: int, wall: int | None) -> Spot | None:
    """The first day with a free time in [lower, upper): at the wall time if free, else earliest."""
    if lower >= upper:
        return None
    calendar, starts_of = agenda.shelf.calendar, agenda.starts(length)
    ordinal = calendar.ordinal(lower)
    day = calendar.day(ordinal)
    wanted = -(1 << (lower - day.first))
    while day.first < upper:
        starts = starts_of.get(ordinal)
        if starts is None:
            starts = agenda.learn_starts(ordinal, length)
        starts &= wanted
        while starts:
            at = (starts & -starts).bit_length() - 1
            if day.first + at >= upper:
                return None
            if wall is not None and _is_free(starts, same := day.at(wall), upper - day.first):
                at = same
            if spot := agenda.spot(ordinal, at, length):
                return spot
            starts_of[ordinal] &= ~(1 << at)
            starts &= ~(1 << at)
        ordinal += 1
        day = calendar.day(ordinal)
        wanted = -1
    return None


def _is_free(starts: int, at: int, end: int) -> bool:
    return 0 <= at < end and bool(starts >> at & 1)


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


def window(wanted: Wish, agenda: Agenda, reached: int) -> range:
    """The days that the search will most likely need."""
    first = agenda.shelf.calendar.ordinal(max(wanted.earliest, reached))
    return range(first, first + 7 * len(wanted.weeks) + 7)


def first_unit(spots: Sequence[Spot], agenda: Agenda) -> int:
    """When the first of these places begins."""
    return _unit(agenda, spots[0])


def _unit(agenda: Agenda, spot: Spot) -> int:
    return agenda.shelf.calendar.day(spot.ordinal).first + spot.at
