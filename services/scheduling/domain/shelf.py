"""What stays the same from booking to booking: a clinic's calendar and its resources in order."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.scheduling.domain.clinic import Clinic, Kind
from services.scheduling.domain.hours import Calendar


class Spot(NamedTuple):
    """A place for one session: when, and the positions of what it takes."""

    ordinal: int
    at: int
    length: int
    room: int
    pump: int
    nurse: int


class Placement(NamedTuple):
    """One session's time and the resources it takes."""

    number: int
    start: datetime
    end: datetime
    room_id: UUID
    pump_id: UUID
    nurse_id: UUID


class Shelf:
    """What does not change with every booking: a clinic's calendar and its resources in order."""

    def __init__(self, clinic: Clinic, unit_minutes: int) -> None:
        self.clinic = clinic
        self.calendar = Calendar(clinic.time_zone, clinic.hours, unit_minutes)
        self.rooms, self.pumps, self.nurses = (clinic.ids(kind) for kind in Kind)
        self.positions = {
            one: at for kind in (self.rooms, self.pumps, self.nurses) for at, one in enumerate(kind)
        }
        self.pump_shift = len(self.rooms)
        self.nurse_shift = self.pump_shift + len(self.pumps)
        self.all_rooms = (1 << len(self.rooms)) - 1
        self.all_pumps = (1 << len(self.pumps)) - 1
        self.all_nurses = (1 << len(self.nurses)) - 1
        self.all_of = (
            self.all_rooms,
            self.all_pumps << self.pump_shift,
            self.all_nurses << self.nurse_shift,
        )

    def bits(self, spot: Spot) -> int:
        """The bits of the three resources of a spot."""
        return self.bits_of(spot.room, spot.pump, spot.nurse)

    def bits_of(self, room: int | None, pump: int | None, nurse: int | None) -> int:
        """The same; a resource that has left the clinic has no bit."""
        bits = 0 if room is None else 1 << room
        bits |= 0 if pump is None else 1 << (self.pump_shift + pump)
        return bits | (0 if nurse is None else 1 << (self.nurse_shift + nurse))
