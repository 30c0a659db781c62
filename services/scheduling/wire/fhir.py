"""FHIR R4: what a booking is as an Appointment, and its time as a Slot."""

from services.scheduling.domain import Standing

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
"""Appointment.status; a series without times waits as `waitlist`."""

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
"""Slot.status of the booking's time; a resource that is away is busy-unavailable."""
