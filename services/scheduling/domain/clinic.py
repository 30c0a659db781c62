"""A clinic: where it is, when it is open, and what its sessions need for themselves."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """What a resource is; in the order in which boards show them."""

    ROOM = "room"
    PUMP = "pump"
    NURSE = "nurse"
    MONITOR = "monitor"
    CHAIR = "chair"
    THERAPIST = "therapist"
    PRESCRIBER = "prescriber"


NEEDED = (Kind.ROOM, Kind.PUMP, Kind.NURSE)
"""What every clinic must have. A clinic that lists no monitors or chairs has them in its rooms."""


@dataclass(frozen=True, slots=True, order=True)
class Hours:
    """Hours of one ISO weekday, in minutes of the clinic's wall time."""

    weekday: int
    open_minute: int
    close_minute: int


@dataclass(frozen=True, slots=True)
class Resource:
    """Something a session takes for itself; a nurse may be taken by so many patients at once.

    Without shifts it is there whenever the clinic is open.
    """

    resource_id: UUID
    kind: Kind
    label: str
    patients: int = 1
    skills: tuple[str, ...] = ()
    shifts: tuple[Hours, ...] = ()


@dataclass(frozen=True, slots=True)
class Closure:
    """A time when a resource is away, or the whole clinic when no resource is named."""

    closure_id: UUID
    clinic_id: UUID
    resource_id: UUID | None
    start: datetime
    end: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Clinic:
    """One clinic of the network; what is sorted is kept sorted, so that order is no change."""

    clinic_id: UUID
    revision: int
    name: str
    time_zone: str
    latitude: float
    longitude: float
    indications: tuple[str, ...]
    hours: tuple[Hours, ...]
    resources: tuple[Resource, ...]
    hold_seconds: int
    series_capacity: int
    holidays: tuple[date, ...] = ()

    def of(self, kind: Kind) -> tuple[Resource, ...]:
        """The resources of one kind, in a fixed order."""
        return tuple(one for one in self.resources if one.kind == kind)


@dataclass(frozen=True, slots=True)
class ClinicUpdated:
    """A clinic joined the network or changed."""

    clinic: Clinic
    at: datetime
