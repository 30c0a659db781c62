"""A clinic's day or week as a problem for CP-SAT, and its answer as moves that can be carried out.

Sessions stay on their day: whoever has taken the day off still has. What has no order in which it
can be carried out, one series after another, is left as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from uuid import UUID

from services.scheduling.domain.agenda import Agenda
from services.scheduling.domain.proposal import Wanted
from services.scheduling.domain.shelf import Placement
from services.scheduling.domain.shifting import keeps_apart
from services.scheduling.domain.wish import Wish


@dataclass(frozen=True, slots=True)
class Movable:
    """A session that may have another time of its day."""

    series_id: UUID
    place: Placement
    starts: tuple[datetime, ...]
    wanted: Wish


@dataclass(frozen=True, slots=True)
class Days:
    """The days, who may move in them, what stays, and how many sessions may move at most."""

    agenda: Agenda
    ordinals: range
    movable: tuple[Movable, ...]
    staying: tuple[Placement, ...]
    most_moves: int

    def as_document(self) -> Mapping[str, object]:
        """The problem in plain numbers; units count from the epoch."""
        lifted = _lifted(self.agenda, self.movable)
        return {
            "sessions": [self._session(lifted, one) for one in self.movable],
            "gaps": self._gaps(),
            "kinds": self._kinds(lifted),
            "days": [self._day(ordinal) for ordinal in self.ordinals],
            "most_moves": self.most_moves,
        }

    def _session(self, lifted: Agenda, one: Movable) -> dict[str, object]:
        fitting = lifted.shelf.fitting(one.wanted.visit)
        return {
            "start": self._unit(one.place.start),
            "length": fitting.length,
            "allowed": self._allowed(lifted, one),
            "parts": {part.kind.value: (part.offset, part.length) for part in fitting.parts},
        }

    def _allowed(self, lifted: Agenda, one: Movable) -> list[int]:
        """The starts of its day that hours, windows, gap and limits leave; its own in any case."""
        calendar, fitting = lifted.shelf.calendar, lifted.shelf.fitting(one.wanted.visit)
        own = self._unit(one.place.start)
        ordinal = calendar.ordinal(own)
        day, found = calendar.day(ordinal), {own}
        bits = lifted.learn_starts(ordinal, fitting)
        if one.wanted.preferences.windows:
            bits &= one.wanted.starts_allowed(day, fitting.length)
        free = {other.place.number for other in self.movable if other.series_id == one.series_id}
        for at in range(day.units):
            unit = day.first + at
            if bits >> at & 1 and unit >= one.wanted.earliest and lifted.spot(ordinal, at, fitting):
                others = [
                    start for n, start in enumerate(one.starts, 1)
                    if n == one.place.number or n not in free
                ]  # fmt: skip
                moved = [calendar.moment(unit) if s == one.place.start else s for s in others]
                if moved == sorted(moved) and keeps_apart(one.wanted, lifted, moved):
                    found.add(unit)
        return sorted(found)

    def _gaps(self) -> list[tuple[int, int, int]]:
        """Sessions of one series that may both move still keep their gap."""
        keyed = sorted(enumerate(self.movable), key=lambda one: (one[1].series_id, one[1].place))
        found = []
        for (n, one), (m, other) in pairwise(keyed):
            if one.series_id == other.series_id:
                found.append((n, m, one.wanted.gap))
        return found

    def _kinds(self, lifted: Agenda) -> list[dict[str, object]]:
        choices = {
            part.kind: part.choice
            for one in self.movable
            for part in lifted.shelf.fitting(one.wanted.visit._replace(skills=())).parts
        }
        return [
            {
                "name": kind.value,
                "count": choice.bit_count(),
                "taken": [run for day in self.ordinals for run in _taken(lifted, day, choice)],
            }
            for kind, choice in choices.items()
        ]

    def _day(self, ordinal: int) -> dict[str, object]:
        day = self.agenda.shelf.calendar.day(ordinal)
        first, last = day.first, day.first + day.units
        return {
            "first": first,
            "last": last,
            "sessions": [
                n for n, one in enumerate(self.movable)
                if first <= self._unit(one.place.start) < last
            ],
            "fixed": [
                (self._unit(one.start), self._unit(one.end)) for one in self.staying
                if first <= self._unit(one.start) < last
            ],
        }  # fmt: skip

    def _unit(self, moment: datetime) -> int:
        return self.agenda.shelf.calendar.unit(moment)


def carried_out(days: Days, answer: Sequence[int]) -> tuple[Wanted, ...]:
    """The moves of an answer that can be carried out series by series, in some order."""
    calendar, agenda = days.agenda.shelf.calendar, _lifted(days.agenda, ())
    moves = [
        (one, unit) for one, unit in zip(days.movable, answer, strict=True)
        if unit != calendar.unit(one.place.start)
    ]  # fmt: skip
    moves.sort(key=lambda move: (move[0].series_id, move[0].place.number))
    waiting = [list(mine) for _, mine in groupby(moves, key=lambda move: move[0].series_id)]
    found = list[Wanted]()
    while done := [mine for mine in waiting if _try(agenda, mine)]:
        waiting = [mine for mine in waiting if mine not in done]
        found += [
            Wanted(one.series_id, one.place.number, calendar.moment(unit))
            for mine in done for one, unit in mine
        ]  # fmt: skip
    return tuple(found)


def open_time(places: Sequence[tuple[int, datetime, datetime]]) -> timedelta:
    """From each day's first start to its last end, added up; each place with its local day."""
    days: dict[int, tuple[datetime, datetime]] = {}
    for day, start, end in places:
        first, last = days.get(day, (start, end))
        days[day] = min(first, start), max(last, end)
    return sum((last - first for first, last in days.values()), timedelta())


def _try(agenda: Agenda, moves: Sequence[tuple[Movable, int]]) -> bool:
    """Take the new seats of one series, and give back what it had, if all are free."""
    for one, _ in moves:
        _mark(agenda, one.place, taken=False)
    taken = []
    for one, unit in moves:
        fitting = agenda.shelf.fitting(one.wanted.visit)
        ordinal = agenda.shelf.calendar.ordinal(unit)
        spot = agenda.spot(ordinal, unit - agenda.shelf.calendar.day(ordinal).first, fitting)
        if spot is None:
            break
        agenda.take([spot], fitting)
        taken.append((spot, fitting))
    if len(taken) == len(moves):
        return True
    for spot, fitting in taken:
        for at, mask in enumerate(fitting.masks, spot.at):
            agenda.mark(spot.ordinal, range(at, at + 1), spot.bits & mask, taken=False)
    for one, _ in moves:
        _mark(agenda, one.place, taken=True)
    return False


def _lifted(agenda: Agenda, movable: Sequence[Movable]) -> Agenda:
    """The agenda without these sessions."""
    found = agenda.copy()
    for one in movable:
        _mark(found, one.place, taken=False)
    return found


def _mark(agenda: Agenda, place: Placement, *, taken: bool) -> None:
    for ordinal, units, bits in agenda.where(place):
        agenda.mark(ordinal, units, bits, taken=taken)


def _taken(agenda: Agenda, ordinal: int, choice: int) -> list[tuple[int, int, int]]:
    """Runs of units in which so many of a choice are taken or away."""
    day, found, at = agenda.shelf.calendar.day(ordinal), list[tuple[int, int, int]](), 0
    for count, run in groupby((bits & choice).bit_count() for bits in agenda.busy(ordinal)):
        length = len(list(run))
        if count:
            found.append((day.first + at, length, count))
        at += length
    return found
