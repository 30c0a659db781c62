"""Clinics, as callers want them and as they see them."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from google.type.date_pb2 import Date
from google.type.latlng_pb2 import LatLng

from chassis.refusal import Invalid, Violation
from halcyon.scheduling.v1 import scheduling_pb2 as rpc
from services.scheduling import domain

KINDS = {kind: rpc.ResourceKind.Value(f"RESOURCE_KIND_{kind.name}") for kind in domain.Kind}
_KIND_OF = {number: kind for kind, number in KINDS.items()}


def clinic_wanted(clinic: rpc.Clinic) -> domain.Clinic:
    """The clinic a caller wants kept."""
    return domain.Clinic(
        clinic_id=UUID(clinic.clinic_id),
        revision=0,
        name=clinic.name,
        time_zone=clinic.time_zone,
        latitude=clinic.position.latitude,
        longitude=clinic.position.longitude,
        indications=tuple(clinic.indications),
        hours=hours_of(clinic.opening_hours),
        resources=tuple(_resource(one) for one in clinic.resources),
        hold_seconds=clinic.hold_seconds,
        series_capacity=clinic.series_capacity,
        holidays=tuple(
            day_of(one, f"clinic.holidays[{index}]") for index, one in enumerate(clinic.holidays)
        ),
    )


def clinic_reply(clinic: domain.Clinic) -> rpc.Clinic:
    """A clinic as callers see it."""
    return rpc.Clinic(
        clinic_id=str(clinic.clinic_id),
        revision=clinic.revision,
        name=clinic.name,
        time_zone=clinic.time_zone,
        position=LatLng(latitude=clinic.latitude, longitude=clinic.longitude),
        indications=clinic.indications,
        opening_hours=hours_reply(clinic.hours),
        resources=[resource_reply(one) for one in clinic.resources],
        hold_seconds=clinic.hold_seconds,
        series_capacity=clinic.series_capacity,
        holidays=[date_reply(one) for one in clinic.holidays],
    )


def resource_reply(one: domain.Resource) -> rpc.Resource:
    """A resource as callers see it."""
    return rpc.Resource(
        resource_id=str(one.resource_id),
        kind=KINDS[one.kind],
        label=one.label,
        patients=one.patients,
        skills=one.skills,
        shifts=hours_reply(one.shifts),
    )


def hours_of(hours: Iterable[rpc.OpeningHours]) -> tuple[domain.Hours, ...]:
    """Hours a caller gave."""
    return tuple(domain.Hours(one.weekday, one.open_minute, one.close_minute) for one in hours)


def hours_reply(hours: Iterable[domain.Hours]) -> list[rpc.OpeningHours]:
    """Hours as callers see them."""
    return [
        rpc.OpeningHours(
            weekday=one.weekday, open_minute=one.open_minute, close_minute=one.close_minute
        )
        for one in hours
    ]


def day_of(day: Date, field: str = "day") -> date:
    """A whole calendar date."""
    try:
        return date(day.year, day.month, day.day)
    except ValueError:
        violation = Violation(field, "must be a whole calendar date")
        raise Invalid("INVALID_REQUEST", "The day is not a date.", (violation,)) from None


def date_reply(day: date) -> Date:
    """A date as callers see it."""
    return Date(year=day.year, month=day.month, day=day.day)


def _resource(one: rpc.Resource) -> domain.Resource:
    return domain.Resource(
        UUID(one.resource_id),
        _KIND_OF[one.kind],
        one.label,
        one.patients or 1,
        tuple(one.skills),
        hours_of(one.shifts),
    )
