"""What one resource does on one day: a schedule with its slots, as FHIR has them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import NamedTuple

from services.scheduling.domain.booking import Booking, Standing
from services.scheduling.domain.clinic import Resource
from services.scheduling.domain.hours import LocalDay
from services.scheduling.domain.shelf import Shelf


class Slot(NamedTuple):
    """A stretch of time of one seat; free without a booking, unless the seat is away."""

    place: int
    start: datetime
    end: datetime
    booking: Booking | None = None
    away: bool = False


@dataclass(frozen=True, slots=True)
class Timetable:
    """A resource and its slots on one local day; one that has left the clinic has none."""

    resource: Resource
    day: date
    active: bool
    slots: tuple[Slot, ...]


def timetable(
    shelf: Shelf, resource: Resource, day: date, bookings: Iterable[Booking]
) -> Timetable:
    """Every place of the resource, in the clinic's hours, and what is booked outside them."""
    active = resource in shelf.clinic.resources
    known, local = tuple(bookings), shelf.calendar.day(day.toordinal())
    places = range(resource.patients) if active else ()
    slots = tuple(one for place in places for one in _slots(shelf, local, resource, place, known))
    return Timetable(resource, day, active, slots)


def _slots(
    shelf: Shelf, day: LocalDay, resource: Resource, place: int, bookings: Iterable[Booking]
) -> Iterator[Slot]:
    hours, taken = day.within(shelf.clinic.hours), _taken(resource, place, bookings)
    bit = shelf.bit(resource.resource_id, place)

    def use(unit: int) -> tuple[bool, Booking | None, bool]:
        moment = shelf.calendar.moment(day.first + unit)
        booking = next((one for one, start, end in taken if start <= moment < end), None)
        blocked = bool(day.blocked and day.blocked[unit] & bit)
        away = booking is None and (blocked or not day.opened >> unit & 1)
        return bool(hours >> unit & 1 or booking), booking, away

    for (shown, booking, away), units in groupby(range(day.units), use):
        run = [day.first + unit for unit in units]
        if shown:
            start, end = shelf.calendar.moment(run[0]), shelf.calendar.moment(run[-1] + 1)
            yield Slot(place, start, end, booking, away)


def _taken(
    resource: Resource, place: int, bookings: Iterable[Booking]
) -> list[tuple[Booking, datetime, datetime]]:
    return [
        (one, start, end)
        for one in bookings
        if one.standing not in {Standing.RELEASED, Standing.PROPOSED}
        for seat, at, start, end in one.placement.parts()
        if (seat, at) == (resource.resource_id, place)
    ]
