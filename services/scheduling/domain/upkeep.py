"""Changing a clinic: what it must be like, field by field."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from itertools import pairwise
from uuid import UUID
from zoneinfo import available_timezones

from chassis.refusal import Invalid, Violation
from services.scheduling.domain.clinic import NEEDED, Clinic, ClinicUpdated, Hours, Kind

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


def must_have(clinic: Clinic, resource_id: UUID | None) -> None:
    """Only what belongs to the clinic can be closed."""
    if resource_id and resource_id not in {one.resource_id for one in clinic.resources}:
        violation = Violation("resource_id", "must belong to the clinic")
        raise Invalid("INVALID_REQUEST", "The clinic has no such resource.", (violation,))


def _in_order(clinic: Clinic) -> Clinic:
    by_kind = list(Kind)
    tidy = [
        replace(one, skills=tuple(sorted(set(one.skills))), shifts=tuple(sorted(one.shifts)))
        for one in clinic.resources
    ]
    tidy.sort(key=lambda one: (by_kind.index(one.kind), one.label, one.resource_id))
    return replace(
        clinic,
        indications=tuple(sorted(set(clinic.indications))),
        hours=tuple(sorted(clinic.hours)),
        holidays=tuple(sorted(set(clinic.holidays))),
        resources=tuple(tidy),
    )


def _faults(clinic: Clinic, owned: Owned) -> Iterator[Violation]:
    if clinic.time_zone not in _zones():
        yield Violation("clinic.time_zone", "must be an IANA time zone")
    if not -90 <= clinic.latitude <= 90:
        yield Violation("clinic.position.latitude", "must be between -90 and 90")
    if not -180 <= clinic.longitude <= 180:
        yield Violation("clinic.position.longitude", "must be between -180 and 180")
    yield from _faults_in_hours("clinic.opening_hours", clinic.hours)
    yield from _faults_in_resources(clinic, owned)


def _faults_in_hours(where: str, hours: Sequence[Hours]) -> Iterator[Violation]:
    for index, one in enumerate(hours):
        if one.open_minute >= one.close_minute:
            yield Violation(f"{where}[{index}].close_minute", "must be after open_minute")
    in_order = sorted(enumerate(hours), key=lambda pair: pair[1])
    for (_, before), (index, after) in pairwise(in_order):
        if before.weekday == after.weekday and after.open_minute < before.close_minute:
            field = f"{where}[{index}].open_minute"
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
        if one.patients != 1 and one.kind != Kind.NURSE:
            yield Violation(f"{field}.patients", "must be 1 for all but nurses")
        yield from _faults_in_hours(f"{field}.shifts", one.shifts)
        seen.add(one.resource_id)
    for missing in sorted(set(NEEDED) - {one.kind for one in clinic.resources}):
        yield Violation("clinic.resources", f"must hold at least one {missing}")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
