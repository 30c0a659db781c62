"""Series and bookings, as callers see them."""

from collections.abc import Iterable
from uuid import UUID

from google.type.date_pb2 import Date

from halcyon.scheduling.v1 import scheduling_pb2 as rpc
from services.scheduling import domain
from services.scheduling.wire.fhir import ACTIVE, APPOINTMENT, REQUEST, SLOT, slot_status
from services.scheduling.wire.stamps import stamp


def series_reply(
    series: domain.Series,
    bookings: Iterable[domain.Booking],
    earlier: Iterable[domain.Earlier] = (),
    overrides: Iterable[domain.Override] = (),
) -> rpc.Series:
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
        earlier_bookings=[_earlier(one) for one in earlier],
        rule=series.rule,
        overrides=[_override(one) for one in overrides],
        appointment_status=REQUEST[series.status],
    )


def schedule_reply(clinic_id: UUID, found: domain.Timetable) -> rpc.Schedule:
    """A resource's day as callers see it."""
    day, resource = found.day, found.resource
    return rpc.Schedule(
        clinic_id=str(clinic_id),
        resource_id=str(resource.resource_id),
        kind=rpc.ResourceKind.Value(f"RESOURCE_KIND_{resource.kind.name}"),
        label=resource.label,
        day=Date(year=day.year, month=day.month, day=day.day),
        active=ACTIVE[found.active],
        slots=[_slot(one) for one in found.slots],
    )


def _slot(one: domain.Slot) -> rpc.Slot:
    booking = one.booking
    taken_by = booking and domain.session_id(booking.series_id, booking.placement.number)
    return rpc.Slot(
        place=one.place,
        start_time=stamp(one.start),
        end_time=stamp(one.end),
        status=slot_status(one),
        session_id=taken_by or "",
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
        infuse_time=stamp(place.infuse),
        infuse_end_time=stamp(place.infuse_end),
        room_end_time=stamp(place.room_end),
        monitor_id=_text(place.monitor_id),
        chair_id=_text(place.chair_id),
        therapist_id=_text(place.therapist_id),
        arrive_time=stamp(booking.arrive_time) if booking.arrive_time else None,
        appointment_status=APPOINTMENT[booking.standing],
        slot_status=SLOT[booking.standing],
        series_id=str(booking.series_id),
    )


def _earlier(one: domain.Earlier) -> rpc.Booking:
    """What it took then is nobody's concern any more."""
    return rpc.Booking(
        session_id=domain.session_id(one.series_id, one.number),
        number=one.number,
        status=rpc.BookingStatus.Value(f"BOOKING_STATUS_{one.standing.name}"),
        start_time=stamp(one.start),
        end_time=stamp(one.end),
        appointment_status=APPOINTMENT[one.standing],
        slot_status=SLOT[one.standing],
        series_id=str(one.series_id),
    )


def _override(one: domain.Override) -> rpc.Override:
    return rpc.Override(
        number=one.number,
        reason=rpc.OverrideReason.Value(f"OVERRIDE_REASON_{one.by.reason.upper()}"),
        role=one.by.role,
        person=one.by.person,
        rules=one.rules,
        old_start_time=stamp(one.old),
        new_start_time=stamp(one.new),
        override_time=stamp(one.at),
    )


def _text(identity: UUID | None) -> str:
    return "" if identity is None else str(identity)
