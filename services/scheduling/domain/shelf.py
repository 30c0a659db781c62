"""What stays the same from booking to booking: a clinic's calendar and its seats in order."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.scheduling.domain.clinic import Clinic, Closure, Kind, Resource
from services.scheduling.domain.hours import Calendar
from services.scheduling.domain.roster import Roster
from services.scheduling.domain.visit import Shape, Visit


class Spot(NamedTuple):
    """A place for one session: when, and the bits of the seats it takes."""

    ordinal: int
    at: int
    bits: int


class Placement(NamedTuple):
    """One session's times and the resources it takes; a nurse's places count her patients."""

    number: int
    start: datetime
    infuse: datetime
    infuse_end: datetime
    room_end: datetime
    end: datetime
    room_id: UUID
    pump_id: UUID
    nurse_id: UUID
    nurse_place: int
    monitor_id: UUID | None = None
    chair_id: UUID | None = None
    therapist_id: UUID | None = None

    def parts(self) -> "tuple[tuple[UUID | None, int, datetime, datetime], ...]":
        """Which seat is taken from when until when."""
        return (
            (self.room_id, 0, self.start, self.room_end),
            (self.pump_id, 0, self.infuse, self.infuse_end),
            (self.nurse_id, self.nurse_place, self.start, self.end),
            (self.monitor_id, 0, self.start, self.end),
            (self.chair_id, 0, self.infuse_end, self.end),
            (self.therapist_id, 0, self.infuse, self.end),
        )


class Part(NamedTuple):
    """The part of a visit for which it takes a seat of one kind, in units."""

    kind: Kind
    choice: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True, eq=False)
class Fitting:
    """A visit as one clinic can have it: the parts, and unit by unit the seats that matter."""

    shape: Shape
    chairs: bool
    length: int
    parts: tuple[Part, ...]
    masks: tuple[int, ...]

    def without(self, kind: Kind) -> "Fitting":
        """The same visit if there were enough of one kind."""
        return replace(self, parts=tuple(one for one in self.parts if one.kind != kind))


class Shelf:
    """What does not change with every booking. A nurse with a ratio of three is three seats."""

    def __init__(self, clinic: Clinic, unit_minutes: int, closures: Iterable[Closure] = ()) -> None:
        self.clinic, self.unit_minutes = clinic, unit_minutes
        self.seats = tuple(_seats(clinic))
        self.names = tuple((one.resource_id, place) for one, place in self.seats)
        self.positions = {name: position for position, name in enumerate(self.names)}
        roster = Roster(clinic, closures, self.seats)
        self.calendar = Calendar(clinic.time_zone, unit_minutes, roster.open_up)
        self._fittings: dict[Visit, Fitting] = {}

    def fitting(self, visit: Visit) -> Fitting:
        """The visit in this clinic, worked out once."""
        found = self._fittings.get(visit)
        if found is None:
            found = self._fittings[visit] = self._fit(visit)
        return found

    def bit(self, resource_id: UUID | None, place: int) -> int:
        """The bit of a seat; a seat that has left the clinic has none."""
        position = None if resource_id is None else self.positions.get((resource_id, place))
        return 0 if position is None else 1 << position

    def _fit(self, visit: Visit) -> Fitting:
        shape, parts = visit.shape, list[Part]()
        chairs = bool(self._choice(Kind.CHAIR))
        spans = {
            Kind.ROOM: (0, shape.room_free(chairs=chairs)),
            Kind.PUMP: (shape.prepare, shape.infused),
            Kind.NURSE: (0, shape.total),
            Kind.MONITOR: (0, shape.total),
            Kind.CHAIR: (shape.infused, shape.total),
            Kind.THERAPIST: (shape.prepare, shape.total),
        }
        for kind, (start, end) in spans.items():
            skills = visit.skills if kind == Kind.NURSE else ()
            needed = kind in {Kind.ROOM, Kind.PUMP, Kind.NURSE} or bool(self._choice(kind))
            if visit.therapist if kind == Kind.THERAPIST else needed:
                offset = start // self.unit_minutes
                length = -(-end // self.unit_minutes) - offset
                parts.append(Part(kind, self._choice(kind, skills), offset, length))
        length = -(-shape.total // self.unit_minutes)
        masks = [
            sum(part.choice for part in parts if 0 <= unit - part.offset < part.length)
            for unit in range(length)
        ]
        return Fitting(shape, chairs, length, tuple(parts), tuple(masks))

    def _choice(self, kind: Kind, skills: tuple[str, ...] = ()) -> int:
        return sum(
            1 << position
            for position, (one, _) in enumerate(self.seats)
            if _serves(one, kind, skills)
        )


def _seats(clinic: Clinic) -> Iterator[tuple[Resource, int]]:
    """Every nurse's first place comes before any second, so that patients are spread."""
    for kind in Kind:
        if kind != Kind.PRESCRIBER:
            found = clinic.of(kind)
            for place in range(max((one.patients for one in found), default=0)):
                yield from ((one, place) for one in found if place < one.patients)


def _serves(resource: Resource, kind: Kind, skills: tuple[str, ...]) -> bool:
    return resource.kind == kind and set(skills) <= set(resource.skills)
