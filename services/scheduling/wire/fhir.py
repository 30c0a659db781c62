"""FHIR R4: series and bookings as Appointments, their times as Slots, a resource as a Schedule."""

from services.scheduling.domain import Slot, Standing, Status

APPOINTMENT = {
    Standing.PROPOSED: "proposed",
    Standing.HELD: "pending",
    Standing.CONFIRMED: "booked",
    Standing.ARRIVED: "arrived",
    Standing.FULFILLED: "fulfilled",
    Standing.RELEASED: "cancelled",
    Standing.NO_SHOW: "noshow",
    Standing.CANCELLED: "cancelled",
    Standing.MOVED: "cancelled",
}
"""Appointment.status of one session."""

REQUEST = {
    Status.WAITLISTED: "waitlist",
    Status.HELD: "pending",
    Status.CONFIRMED: "booked",
    Status.RELEASED: "cancelled",
    Status.FULFILLED: "fulfilled",
}
"""Appointment.status of a whole series, which waits for times before it has sessions."""

SLOT = {
    Standing.PROPOSED: "free",
    Standing.HELD: "busy-tentative",
    Standing.CONFIRMED: "busy",
    Standing.ARRIVED: "busy",
    Standing.FULFILLED: "busy",
    Standing.RELEASED: "free",
    Standing.NO_SHOW: "free",
    Standing.CANCELLED: "free",
    Standing.MOVED: "free",
}
"""Slot.status of the booking's time."""

ACTIVE = {True: "true", False: "false"}
"""Schedule.active: a resource that has left its clinic keeps its schedule, and takes nobody."""


def slot_status(slot: Slot) -> str:
    """Slot.status of a stretch of a resource's day."""
    if slot.booking:
        return SLOT[slot.booking.standing]
    return "busy-unavailable" if slot.away else "free"
