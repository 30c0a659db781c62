"""A clinic: where it is, when it is open, and what its sessions need for themselves alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cache
from itertools import pairwise
from uuid import UUID
from zoneinfo import available_timezones

from chassis.refusal import Invalid, Violation


class Kind(StrEnum):
    """What a resource is."""

    ROOM = "room"
    PUMP = "pump"
    NURSE = "nurse"


@dataclass(frozen=True, slots=True)
class Resource:
    """Something a session takes for itself alone."""

    resource_id: UUID
    kind: Kind
    label: str


@dataclass(frozen=True, slots=True, order=True)
class Hours:
    """Opening hours of one ISO weekday, in minutes of the clinic's wall time."""

    weekday: int
    open_minute: int
    close_minute: int


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

    def ids(self, kind: Kind) -> tuple[UUID, ...]:
        """The resources of one kind, in a fixed order."""
        return tuple(one.resource_id for one in self.resources if one.kind == kind)


@dataclass(frozen=True, slots=True)
class ClinicUpdated:
    """A clinic joined the network or changed."""

    clinic: Clinic
    at: datetime


Owned = Mapping[UUID, tuple[UUID, Kind]]
"""Whose each known resource is, and of what kind."""


def update(
    known: Clinic | None, wanted: Clinic, owned: Owned, now: datetime
) -> tuple[Clinic, tuple[ClinicUpdated, ...]]:
    """Keep the clinic as wanted; the same again changes nothing and states nothing."""
    if faults := tuple(_faults(wanted, owned)):
        raise Invalid("INVALID_CLINIC", "The clinic breaks a rule.", faults)
    sorted_out = _in_order(wanted)
    if known is None:
        joined = replace(sorted_out, revision=1)
        return joined, (ClinicUpdated(joined, now),)
    if replace(sorted_out, revision=known.revision) == known:
        return known, ()
    changed = replace(sorted_out, revision=known.revision + 1)
    return changed, (ClinicUpdated(changed, now),)


def _in_order(clinic: Clinic) -> Clinic:
    by_kind = list(Kind)
    return replace(
        clinic,
        indications=tuple(sorted(set(clinic.indications))),
        hours=tuple(sorted(clinic.hours)),
        resources=tuple(
            sorted(
                clinic.resources,
                key=lambda one: (by_kind.index(one.kind), one.label, one.resource_id),
            )
        ),
    )


def _faults(clinic: Clinic, owned: Owned) -> Iterator[Violation]:
    if clinic.time_zone not in _zones():
        yield Violation("clinic.time_zone", "must be an IANA time zone")
    if not -90 <= clinic.latitude <= 90:
        yield Violation("clinic.position.latitude", "must be between -90 and 90")
    if not -180 <= clinic.longitude <= 180:
        yield Violation("clinic.position.longitude", "must be between -180 and 180")
    yield from _faults_in_hours(clinic.hours)
    yield from _faults_in_resources(clinic, owned)


def _faults_in_hours(hours: Sequence[Hours]) -> Iterator[Violation]:
    for index, one in enumerate(hours):
        if one.open_minute >= one.close_minute:
            field = f"clinic.opening_hours[{index}].close_minute"
            yield Violation(field, "must be after open_minute")
    in_order = sorted(enumerate(hours), key=lambda pair: pair[1])
    for (_, before), (index, after) in pairwise(in_order):
        if before.weekday == after.weekday and after.open_minute < before.close_minute:
            field = f"clinic.opening_hours[{index}].open_minute"
            yield Violation(field, "must not overlap other hours of the same weekday")


def _faults_in_resources(clinic: Clinic, owned: Owned) -> Iterator[Violation]:
    seen: set[UUID] = set()
    for index, one in enumerate(clinic.resources):
        field = f"clinic.resources[{index}]"
        owner, kind = owned.get(one.resource_id, (clinic.clinic_id, one.kind))
        if one.resource_id in seen:
            yield Violation(f"{field}.resource_id", "must be unique")
        if owner != clinic.clinic_id:
            yield Violation(f"{field}.resource_id", "must not belong to another clinic")
        elif kind != one.kind:
            yield Violation(f"{field}.kind", "must stay what it was")
        seen.add(one.resource_id)
    for missing in set(Kind) - {one.kind for one in clinic.resources}:
        yield Violation("clinic.resources", f"must hold at least one {missing}")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
