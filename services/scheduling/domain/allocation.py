"""Finding times for a whole series: values in, places out, the same every time it is asked."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from services.scheduling.domain.agenda import Agenda, Unread
from services.scheduling.domain.clinic import Kind
from services.scheduling.domain.shelf import Fitting, Spot
from services.scheduling.domain.wish import Wish


class Bound(StrEnum):
    """Why a series has no times."""

    NO_FREE_TIME = "no_free_time"
    CLINIC_UNKNOWN = "clinic_unknown"
    LIMITS = "limits"
    OPENING_HOURS = "opening_hours"
    PATIENT_WINDOWS = "patient_windows"
    NO_FREE_ROOM = "no_free_room"
    NO_FREE_PUMP = "no_free_pump"
    NO_FREE_NURSE = "no_free_nurse"
    NO_FREE_MONITOR = "no_free_monitor"
    NO_FREE_CHAIR = "no_free_chair"
    NO_FREE_THERAPIST = "no_free_therapist"


_SHIFT = 120
"""Clocks change by at most so many minutes, and a window that spans a change ends as much later."""

Outcome = tuple[Spot, ...] | Unread | Bound


class Search:
    """One wish in one agenda. Only the first session is chosen: each later one is the earliest
    that its week, its gap and the limits leave, so a series is missed only where there is none.
    """

    def __init__(self, wanted: Wish, agenda: Agenda, lifting: Kind | None = None) -> None:
        self.wanted, self.agenda = wanted, agenda
        fitting = agenda.shelf.fitting(wanted.visit)
        self.fitting: Fitting = fitting.without(lifting) if lifting else fitting
        self._starts = agenda.starts(self.fitting)
        self._windows: dict[int, int] | None = {} if wanted.preferences.windows else None
        named = wanted.preferences.nurse_id
        seats = agenda.shelf.positions.items() if named else ()
        self.liked = sum(1 << at for (one, _), at in seats if one == named)

    def follow(self, first: Spot, *, same_time: bool) -> tuple[list[Spot], int | None]:
        """The series after its first session, and before when a start was missing, if one was."""
        wanted, calendar = self.wanted, self.agenda.shelf.calendar
        wall = calendar.day(first.ordinal).minute(first.at)
        kept = wall if same_time else None
        placed, ordinals = [first], [*wanted.before, first.ordinal]
        limits, gap, until = wanted.binding, wanted.gap, wanted.until
        closing = calendar.day(first.ordinal)
        end = closing.first + first.at
        bound = end + gap
        for week, count in enumerate(wanted.weeks):
            start, closing = end, calendar.day(first.ordinal + 7 * (week + 1))
            end = closing.first + closing.at(wall)
            for _ in range(count - (week == 0)):
                lower, upper = max(bound, start), min(end, until)
                if limits:
                    lower = max(lower, self.rested(ordinals))
                found = self.next(lower, upper, kept)
                if found is None:
                    return placed, upper
                placed.append(found)
                ordinals.append(found.ordinal)
                bound = calendar.day(found.ordinal).first + found.at + gap
        return placed, None

    def next(self, lower: int, upper: int, wall: int | None) -> Spot | None:
        """The first day with a free time in [lower, upper): at the wall time, else the earliest."""
        if lower >= upper:
            return None
        agenda, fitting, starts_of = self.agenda, self.fitting, self._starts
        calendar = agenda.shelf.calendar
        ordinal = calendar.ordinal(lower)
        day = calendar.day(ordinal)
        wanted = -(1 << (lower - day.first))
        while day.first < upper:
            starts = starts_of.get(ordinal)
            if starts is None:
                if wall is not None and (spot := self._same(ordinal, wall, wanted, upper)):
                    return spot
                starts = agenda.learn_starts(ordinal, fitting)
            starts &= wanted
            if starts and self._windows is not None:
                starts &= self._window(ordinal)
            while starts:
                at = (starts & -starts).bit_length() - 1
                if day.first + at >= upper:
                    return None
                if wall is not None and _is_free(starts, same := day.at(wall), upper - day.first):
                    at = same
                if spot := agenda.spot(ordinal, at, fitting, self.liked):
                    return spot
                starts_of[ordinal] &= ~(1 << at)
                starts &= ~(1 << at)
            ordinal += 1
            day = calendar.day(ordinal)
            wanted = -1
        return None

    def _same(self, ordinal: int, wall: int, wanted: int, upper: int) -> Spot | None:
        """The wall time on a day nobody has looked at: most often free, and then all we ask."""
        day = self.agenda.shelf.calendar.day(ordinal)
        starts = day.starts(self.fitting.length) & wanted
        if starts and self._windows is not None:
            starts &= self._window(ordinal)
        free = _is_free(starts, at := day.at(wall), upper - day.first)
        return self.agenda.spot(ordinal, at, self.fitting, self.liked) if free else None

    def first(self, lower: int) -> Spot | None:
        """The earliest first session from a unit on."""
        if self.wanted.before and self.wanted.binding:
            lower = max(lower, self.rested(list(self.wanted.before)))
        return self.next(lower, self.wanted.until, None)

    def unit(self, spot: Spot) -> int:
        """When a spot begins."""
        return self.agenda.shelf.calendar.day(spot.ordinal).first + spot.at

    def rested(self, ordinals: Sequence[int]) -> int:
        """From when one more session keeps the limits; days are the clinic's local days."""
        calendar = self.agenda.shelf.calendar
        after = [ordinals[-most] + days for most, days in self.wanted.binding
                 if most <= len(ordinals)]  # fmt: skip
        return calendar.day(max(after)).first if after else 0

    def _window(self, ordinal: int) -> int:
        assert self._windows is not None
        found = self._windows.get(ordinal)
        if found is None:
            day = self.agenda.shelf.calendar.day(ordinal)
            found = self._windows[ordinal] = self.wanted.starts_allowed(day, self.fitting.length)
        return found


def allocate(wanted: Wish, agenda: Agenda, reached: int, lifting: Kind | None = None) -> Outcome:
    """The earliest first session that the whole pattern can follow, and the pattern after it.

    Nothing before `reached` is tried. A first session that fails for want of a start before some
    moment is tried again only as much later as brings the next free start before that moment.
    Lifting a kind asks what would be if there were enough of it.
    """
    lower = max(wanted.earliest, reached)
    search, upper = Search(wanted, agenda, lifting), None
    try:
        while first := search.first(lower):
            for same_time in (True, False):
                placed, upper = search.follow(first, same_time=same_time)
                if upper is None:
                    return _by_one_nurse(search, placed)
            assert upper is not None
            free = search.next(upper, wanted.until, None)
            if free is None:
                break
            later = search.unit(free) - upper + 1 - _SHIFT // agenda.shelf.unit_minutes
            lower = search.unit(first) + max(1, later)
    except Unread as missing:
        return missing
    return Bound.NO_FREE_TIME


def allocate_from(wanted: Wish, agenda: Agenda, start: datetime) -> Outcome:
    """The whole pattern with its first session at a given time, or nothing."""
    search, calendar = Search(wanted, agenda), agenda.shelf.calendar
    unit = calendar.unit(start)
    if not wanted.earliest <= unit < wanted.until or calendar.moment(unit) != start:
        return Bound.NO_FREE_TIME
    try:
        first = search.next(unit, unit + 1, None)
        for same_time in (True, False):
            placed, upper = search.follow(first, same_time=same_time) if first else ([], unit)
            if upper is None:
                return _by_one_nurse(search, placed)
    except Unread as missing:
        return missing
    return Bound.NO_FREE_TIME


def next_starts(wanted: Wish, agenda: Agenda, start: datetime, count: int) -> tuple[datetime, ...]:
    """The next times after one at which the whole pattern could begin; all must be read."""
    calendar, found = agenda.shelf.calendar, list[datetime]()
    reached = calendar.unit(start) + 1
    while len(found) < count and isinstance(spots := allocate(wanted, agenda, reached), tuple):
        reached = first_unit(spots, agenda)
        found.append(calendar.moment(reached))
        reached += 1
    return tuple(found)


def _by_one_nurse(search: Search, placed: Sequence[Spot]) -> tuple[Spot, ...]:
    """The same times with one nurse for as many of them as can be, if the patient would like it."""
    wanted, agenda, fitting = search.wanted, search.agenda, search.fitting
    if not wanted.preferences.same_nurse or search.liked:
        return tuple(placed)
    best, most = tuple(placed), 0
    for nurse in _nurses(search):
        spots = [agenda.spot(one.ordinal, one.at, fitting, nurse) or one for one in placed]
        count = sum(bool(one.bits & nurse) for one in spots)
        if count > most:
            best, most = tuple(spots), count
    return best


def _nurses(search: Search) -> list[int]:
    by_nurse: dict[object, int] = {}
    for position, (one, _) in enumerate(search.agenda.shelf.seats):
        if one.kind == Kind.NURSE:
            by_nurse[one.resource_id] = by_nurse.get(one.resource_id, 0) | 1 << position
    return list(by_nurse.values())


def _is_free(starts: int, at: int, end: int) -> bool:
    return 0 <= at < end and bool(starts >> at & 1)


def places_at(starts: Sequence[datetime], fitting: Fitting, agenda: Agenda) -> Outcome:
    """Free places at exactly these times, whatever the room, the pump and the nurse."""
    calendar = agenda.shelf.calendar
    spots = []
    try:
        for unit in map(calendar.unit, starts):
            ordinal = calendar.ordinal(unit)
            at = unit - calendar.day(ordinal).first
            open_then = agenda.learn_starts(ordinal, fitting) >> at & 1
            spot = agenda.spot(ordinal, at, fitting) if open_then else None
            if spot is None:
                return Bound.NO_FREE_TIME
            spots.append(spot)
    except Unread as missing:
        return missing
    return tuple(spots)


def window(wanted: Wish, agenda: Agenda, reached: int) -> range:
    """The days that the search will most likely need."""
    first = agenda.shelf.calendar.ordinal(max(wanted.earliest, reached))
    return range(first, first + 7 * len(wanted.weeks))


def first_unit(spots: Sequence[Spot], agenda: Agenda) -> int:
    """When the first of these places begins."""
    return agenda.shelf.calendar.day(spots[0].ordinal).first + spots[0].at
