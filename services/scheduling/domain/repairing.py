"""Repairing a day that broke: every touched session gets the nearest time that its series allows.

Series do not lean on each other: what one session leaves is not given to another, so that the steps
of any series can be accepted without the rest.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.scheduling.domain.agenda import Agenda
from services.scheduling.domain.shelf import Placement, Spot
from services.scheduling.domain.shifting import keeps_apart, respace, rest_of
from services.scheduling.domain.wish import Wish

_DAYS = 21
"""A session that finds no time within so many days is left to staff."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A session that cannot stay as it is, in its series."""

    series_id: UUID
    revision: int
    place: Placement
    starts: tuple[datetime, ...]
    wanted: Wish
    later: tuple[Placement, ...] = ()
    """The sessions of the series that come after it."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is proposed for one touched session; nothing when no time was found."""

    series_id: UUID
    number: int
    revision: int
    old: datetime
    new: datetime | None
    status: str = "proposed"
    rules: tuple[str, ...] = ()
    """The safety rules that have kept it from being carried out."""

    @property
    def moves(self) -> bool:
        """Whether the patient comes at another time; other seats concern nobody outside."""
        return self.new is not None and self.new != self.old

    @property
    def open(self) -> bool:
        """Whether it can still be carried out; what a rule barred waits for the rule."""
        return self.new is not None and self.status in {"proposed", "barred"}


Way = Callable[[Agenda, Touched, Sequence[datetime]], Spot | None]


def cannot_stay(agenda: Agenda, place: Placement) -> bool:
    """Whether a session falls into a time when the clinic, or something it takes, is away."""
    calendar = agenda.shelf.calendar
    for ordinal, units, bits in agenda.where(place):
        day = calendar.day(ordinal)
        for unit in units:
            if not day.opened >> unit & 1 or (day.blocked and day.blocked[unit] & bits):
                return True
    return False


def repair(agenda: Agenda, touched: Sequence[Touched]) -> tuple[Step, ...]:
    """Least disturbance: as many as can keep their time, then the nearest others; a session that
    finds none between its neighbours shifts the rest of its series.
    """
    in_order = sorted(touched, key=lambda one: (one.place.end, one.series_id))
    starts = {one.series_id: list(one.starts) for one in in_order}
    found: dict[tuple[UUID, int], Step] = {}
    for way in (_keep, _near, _shift):
        for one in in_order:
            if getattr(found.get((one.series_id, one.place.number)), "new", None) is None:
                found.update({_key(step): step for step in way(agenda, one, starts[one.series_id])})
    return tuple(sorted(found.values(), key=lambda step: (step.old, step.series_id)))


def _key(step: Step) -> tuple[UUID, int]:
    return step.series_id, step.number


def _keep(agenda: Agenda, one: Touched, starts: list[datetime]) -> list[Step]:
    return [_place(agenda, one, starts, _same)]


def _near(agenda: Agenda, one: Touched, starts: list[datetime]) -> list[Step]:
    return [_place(agenda, one, starts, _nearest)]


def _shift(agenda: Agenda, one: Touched, starts: list[datetime]) -> list[Step]:
    """Later days for the session and all after it; what they leave stays taken here."""
    olds = (one.place, *one.later)
    own = [piece for place in olds for piece in agenda.where(place)]
    kept, times = starts[: one.place.number - 1], [place.start for place in olds]
    for ordinal, units, bits in own:
        agenda.mark(ordinal, units, bits, taken=False)
    wanted = rest_of(one.wanted, agenda, kept, len(olds))
    spots = respace(wanted, agenda, times, one.place.start)
    for ordinal, units, bits in own:
        agenda.mark(ordinal, units, bits, taken=True)
    if not isinstance(spots, tuple):
        return []
    agenda.take(spots, agenda.shelf.fitting(one.wanted.visit))
    found = []
    for place, spot in zip(olds, spots, strict=True):
        starts[place.number - 1] = new = _moment(agenda, spot)
        found.append(Step(one.series_id, place.number, one.revision, place.start, new))
    return found


def _place(agenda: Agenda, one: Touched, starts: list[datetime], way: Way) -> Step:
    own, new = list(agenda.where(one.place)), None
    for ordinal, units, bits in own:
        agenda.mark(ordinal, units, bits, taken=False)
    spot = way(agenda, one, starts)
    for ordinal, units, bits in own:
        agenda.mark(ordinal, units, bits, taken=True)
    if spot is not None:
        agenda.take([spot], agenda.shelf.fitting(one.wanted.visit))
        new = starts[one.place.number - 1] = _moment(agenda, spot)
    return Step(one.series_id, one.place.number, one.revision, one.place.start, new)


def _moment(agenda: Agenda, spot: Spot) -> datetime:
    calendar = agenda.shelf.calendar
    return calendar.moment(calendar.day(spot.ordinal).first + spot.at)


def _same(agenda: Agenda, one: Touched, _: Sequence[datetime]) -> Spot | None:
    calendar, fitting = agenda.shelf.calendar, agenda.shelf.fitting(one.wanted.visit)
    unit = calendar.unit(one.place.start)
    ordinal = calendar.ordinal(unit)
    at = unit - calendar.day(ordinal).first
    free = agenda.learn_starts(ordinal, fitting) >> at & 1
    return agenda.spot(ordinal, at, fitting) if free else None


def _nearest(agenda: Agenda, one: Touched, starts: Sequence[datetime]) -> Spot | None:
    calendar, fitting = agenda.shelf.calendar, agenda.shelf.fitting(one.wanted.visit)
    old = calendar.unit(one.place.start)
    for ordinal, at in _by_distance(agenda, one, old):
        unit = calendar.day(ordinal).first + at
        if not one.wanted.earliest <= unit < one.wanted.until:
            continue
        moved = list(starts)
        moved[one.place.number - 1] = calendar.moment(unit)
        stays = keeps_apart(one.wanted, agenda, moved) and moved == sorted(moved)
        if stays and (spot := agenda.spot(ordinal, at, fitting)):
            return spot
    return None


def _by_distance(agenda: Agenda, one: Touched, old: int) -> Iterator[tuple[int, int]]:
    """Free starts, the same day first, then day by day to both sides, near the time of day."""
    calendar, fitting = agenda.shelf.calendar, agenda.shelf.fitting(one.wanted.visit)
    today = calendar.ordinal(old)
    wall = calendar.day(today).minute(old - calendar.day(today).first)
    for away in sorted(range(-_DAYS, _DAYS + 1), key=lambda days: (abs(days), -days)):
        day = calendar.day(today + away)
        bits = agenda.learn_starts(today + away, fitting)
        if bits and one.wanted.preferences.windows:
            bits &= one.wanted.starts_allowed(day, fitting.length)
        same = day.at(wall)
        found = (at for at in range(day.units) if bits >> at & 1)
        yield from ((today + away, at) for at in sorted(found, key=lambda at: abs(at - same)))
