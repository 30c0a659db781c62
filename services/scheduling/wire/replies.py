"""What callers ask and what they are answered."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from google.type.date_pb2 import Date
from google.type.latlng_pb2 import LatLng

from chassis.refusal import Invalid, Violation
from halcyon.scheduling.v1 import scheduling_pb2 as rpc
from services.scheduling import domain
from services.scheduling.wire.stated import stamp

_KINDS = {
    domain.Kind.ROOM: rpc.RESOURCE_KIND_ROOM,
    domain.Kind.PUMP: rpc.RESOURCE_KIND_PUMP,
    domain.Kind.NURSE: rpc.RESOURCE_KIND_NURSE,
}
_KIND_OF = {number: kind for kind, number in _KINDS.items()}


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
        hours=tuple(
            domain.Hours(one.weekday, one.open_minute, one.close_minute)
            for one in clinic.opening_hours
        ),
        resources=tuple(
            domain.Resource(UUID(one.resource_id), _KIND_OF[one.kind], one.label)
            for one in clinic.resources
        ),
        hold_seconds=clinic.hold_seconds,
        series_capacity=clinic.series_capacity,
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
        opening_hours=[
            rpc.OpeningHours(
                weekday=one.weekday, open_minute=one.open_minute, close_minute=one.close_minute
            )
            for one in clinic.hours
        ],
        resources=[
            rpc.Resource(resource_id=str(one.resource_id), kind=_KINDS[one.kind], label=one.label)
            for one in clinic.resources
        ],
        hold_seconds=clinic.hold_seconds,
        series_capacity=clinic.series_capacity,
    )


def series_reply(series: domain.Series, bookings: Iterable[domain.Booking]) -> rpc.Series:
    """A series as callers see it."""
    expire = series.hold_expire_time
    return rpc.Series(
        series_id=str(series.series_id),
        revision=series.revision,
        status=rpc.SeriesStatus.Value(f"SERIES_STATUS_{series.status.name}"),
        plan_id=str(series.plan.plan_id),
        referral_id=str(series.plan.referral_id),
        patient_id=str(series.plan.patient_id),
        clinic_id=str(series.plan.clinic_id),
        bookings=[booking_reply(one) for one in bookings],
        hold_expire_time=stamp(expire) if expire else None,
        update_time=stamp(series.update_time),
    )


def booking_reply(booking: domain.Booking) -> rpc.Booking:
    """One booking as callers see it."""
    place = booking.placement
    return rpc.Booking(
        session_id=domain.session_id(booking.series_id, place.number),
        number=place.number,
        status=rpc.BookingStatus.Value(f"BOOKING_STATUS_{booking.standing.name}"),
        start_time=stamp(place.start),
        end_time=stamp(place.end),
        room_id=str(place.room_id),
        pump_id=str(place.pump_id),
        nurse_id=str(place.nurse_id),
    )


def day_of(day: Date) -> date:
    """A whole calendar date."""
    try:
        return date(day.year, day.month, day.day)
    except ValueError:
        violation = Violation("day", "must be a whole calendar date")
        raise Invalid("INVALID_REQUEST", "The day is not a date.", (violation,)) from None
