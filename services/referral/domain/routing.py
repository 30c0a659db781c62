"""Which clinic takes a referral: one that treats the condition, has room and is near."""

from collections.abc import Sequence
from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple
from uuid import UUID

from chassis.refusal import NotFound
from services.referral.domain.referral import Position

_EARTH_KM = 6371.0


class Clinic(NamedTuple):
    """A clinic of the network, as routing sees it."""

    clinic_id: UUID
    revision: int
    position: Position
    categories: tuple[str, ...]
    """ICD-10 categories it treats; none means all."""
    series_capacity: int
    open_series: int

    @property
    def room(self) -> float:
        """The share of its capacity that is left; none at all when it is full or closed."""
        if self.series_capacity <= max(0, self.open_series):
            return 0.0
        return 1 - self.open_series / self.series_capacity

    def takes(self, category: str) -> bool:
        """Whether it treats the condition and has room for one more series."""
        return self.room > 0 and (not self.categories or category in self.categories)


def choose(
    clinics: Sequence[Clinic], category: str, preferred: UUID | None, home: Position | None
) -> UUID | None:
    """The preferred one, else the nearest, else (home unknown) the one with most room."""
    if any(clinic.clinic_id == preferred and clinic.takes(category) for clinic in clinics):
        return preferred
    candidates = [clinic for clinic in clinics if clinic.takes(category)]
    if not candidates:
        return None
    if home is None:
        return min(candidates, key=lambda clinic: (-clinic.room, clinic.clinic_id)).clinic_id
    nearest = min(candidates, key=lambda it: (kilometres(it.position, home), it.clinic_id))
    return nearest.clinic_id


def newer(known: Clinic | None, told: Clinic) -> Clinic:
    """The later word about a clinic; facts may arrive in any order."""
    return known if known and known.revision >= told.revision else told


def must_be_listed(clinic: Clinic | None) -> Clinic:
    """Only a clinic of the network can be chosen."""
    if clinic is None:
        raise NotFound("CLINIC_NOT_FOUND", "No clinic has this id.")
    return clinic


def kilometres(one: Position, other: Position) -> float:
    """Great-circle distance (haversine)."""
    north, south = radians(one.latitude), radians(other.latitude)
    east = radians(one.longitude - other.longitude)
    chord = sin((north - south) / 2) ** 2 + cos(north) * cos(south) * sin(east / 2) ** 2
    return 2 * _EARTH_KM * asin(sqrt(min(1.0, chord)))
