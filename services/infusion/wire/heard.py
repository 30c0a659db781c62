"""Facts heard."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from uuid import UUID

from google.protobuf.message import Message

from chassis.refusal import Reject
from halcyon.intake.events.v1.intake_events_pb2 import (
    DoseAdjusted,
    PlanApproved,
    PlanPaused,
    PlanResumed,
    PlanStopped,
)
from halcyon.scheduling.events.v1.scheduling_events_pb2 import SeriesConfirmed, SeriesReleased
from services.infusion import domain

_STANDINGS: Mapping[type[Message], domain.Standing] = {
    PlanPaused: domain.Standing.PAUSED,
    PlanResumed: domain.Standing.ACTIVE,
    PlanStopped: domain.Standing.STOPPED,
}


def first_order(fact: PlanApproved) -> domain.DoseOrder:
    """A plan's first dose order."""
    return domain.DoseOrder(
        UUID(fact.plan_id),
        1,
        UUID(fact.dose_order_id),
        fact.dose_micrograms,
        fact.approve_time.ToDatetime(UTC),
    )


def adjusted_order(fact: DoseAdjusted) -> domain.DoseOrder:
    """The order in force after an adjustment; after a hold it is the one that was."""
    return domain.DoseOrder(
        UUID(fact.plan_id),
        fact.number,
        UUID(fact.dose_order_id),
        fact.dose_micrograms,
        fact.adjust_time.ToDatetime(UTC),
    )


def standing(fact: PlanPaused | PlanResumed | PlanStopped) -> domain.PlanStanding:
    """Where a plan stands from now on."""
    return domain.PlanStanding(UUID(fact.plan_id), fact.revision, _STANDINGS[type(fact)])


def course_id(fact: SeriesConfirmed | SeriesReleased) -> UUID:
    """The course that a word about a series concerns."""
    return domain.course_id(UUID(fact.series_id))


def booking(fact: SeriesConfirmed) -> domain.Booking:
    """The course a confirmed series asks for."""
    if not fact.sessions:
        raise Reject("no sessions")
    slots = tuple(
        [
            domain.Slot(UUID(told.session_id), told.number, told.start_time.ToDatetime(UTC))
            for told in fact.sessions
        ]
    )
    course = replace(
        _course(fact),
        patient_id=UUID(fact.patient_id),
        session_count=len(slots),
        infusion_minutes=fact.infusion_minutes,
    )
    return domain.Booking(course, slots)


def released(fact: SeriesReleased) -> domain.Course:
    """What is known of a course when its series is given back."""
    return _course(fact)


def _course(fact: SeriesConfirmed | SeriesReleased) -> domain.Course:
    series_id = UUID(fact.series_id)
    return domain.Course(
        domain.course_id(series_id),
        0,
        fact.revision,
        series_id,
        UUID(fact.plan_id),
        UUID(fact.referral_id),
        None,
        UUID(fact.clinic_id),
    )
