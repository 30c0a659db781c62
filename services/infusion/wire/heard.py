"""Facts heard."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias
from uuid import UUID
from zoneinfo import available_timezones

from google.protobuf.message import Message

from chassis.ids import uuid_of
from chassis.moments import instant
from chassis.refusal import Reject
from halcyon.intake.events.v1.intake_events_pb2 import (
    DoseAdjusted,
    PlanApproved,
    PlanPaused,
    PlanResumed,
    PlanStopped,
    SuicideRiskScreened,
)
from halcyon.scheduling.events.v1.scheduling_events_pb2 import (
    BookingCancelled,
    BookingMissed,
    ClinicUpdated,
    SeriesConfirmed,
    SeriesReleased,
    SeriesRescheduled,
    SessionTime,
)
from services.infusion import domain

OfSeries: TypeAlias = (
    SeriesConfirmed | SeriesReleased | SeriesRescheduled | BookingMissed | BookingCancelled
)

_STANDINGS: Mapping[type[Message], domain.Standing] = {
    PlanPaused: domain.Standing.PAUSED,
    PlanResumed: domain.Standing.ACTIVE,
    PlanStopped: domain.Standing.STOPPED,
}


def order_place(fact: PlanApproved | DoseAdjusted) -> tuple[UUID, int]:
    """The plan of a dose order, and its number there."""
    return uuid_of(fact.plan_id), fact.number if isinstance(fact, DoseAdjusted) else 1


def first_order(fact: PlanApproved) -> domain.DoseOrder:
    """A plan's first dose order."""
    return domain.DoseOrder(
        uuid_of(fact.plan_id),
        1,
        uuid_of(fact.dose_order_id),
        fact.dose_micrograms,
        instant(fact.approve_time),
    )


def adjusted_order(fact: DoseAdjusted) -> domain.DoseOrder:
    """The order in force after an adjustment; after a hold it is the one that was."""
    return domain.DoseOrder(
        uuid_of(fact.plan_id),
        fact.number,
        uuid_of(fact.dose_order_id),
        fact.dose_micrograms,
        instant(fact.adjust_time),
    )


def standing(fact: PlanPaused | PlanResumed | PlanStopped) -> domain.PlanStanding:
    """Where a plan stands from now on."""
    return domain.PlanStanding(uuid_of(fact.plan_id), fact.revision, _STANDINGS[type(fact)])


def clock(fact: ClinicUpdated) -> tuple[UUID, int, str]:
    """A clinic, as of which revision, and its time zone."""
    if fact.time_zone not in available_timezones():
        raise Reject("time zone")
    return uuid_of(fact.clinic_id), fact.revision, fact.time_zone


def screening(fact: SuicideRiskScreened) -> domain.RiskScreening:
    """What a suicide-risk screener says of a patient."""
    blocks = fact.HasField("block_until_time")
    return domain.RiskScreening(
        uuid_of(fact.patient_id),
        instant(fact.screen_time),
        instant(fact.block_until_time) if blocks else None,
    )


def course_id(fact: OfSeries) -> UUID:
    """The course that a word about a series concerns."""
    return domain.course_id(uuid_of(fact.series_id))


def booking(fact: SeriesConfirmed) -> domain.Booking:
    """The course a confirmed series asks for."""
    if not fact.sessions:
        raise Reject("no sessions")
    slots = tuple(
        [
            domain.Slot(uuid_of(told.session_id), told.number, instant(told.start_time))
            for told in fact.sessions
        ]
    )
    course = _course(fact)._replace(
        patient_id=uuid_of(fact.patient_id),
        session_count=len(slots),
        infusion_minutes=fact.infusion_minutes,
    )
    return domain.Booking(course, slots)


def released(fact: SeriesReleased) -> domain.Course:
    """What is known of a course when its series is given back."""
    return _course(fact)


def rescheduled(fact: SeriesRescheduled) -> domain.News:
    """Sessions that have new times."""
    words = [_word(fact, one, instant(one.start_time)) for one in fact.sessions]
    return domain.News(_unconfirmed(fact), tuple(words))


def lapsed(fact: BookingMissed | BookingCancelled) -> domain.News:
    """A session that is not given at its time; a later word may bring it another."""
    return domain.News(_unconfirmed(fact), (_word(fact, fact.session, None),))


def _word(fact: OfSeries, told: SessionTime, start: datetime | None) -> domain.Word:
    session_id = domain.session_id(uuid_of(fact.series_id), told.number)
    clinic_id = uuid_of(fact.clinic_id)
    return domain.Word(session_id, told.number, fact.revision, start, clinic_id)


def _unconfirmed(fact: OfSeries) -> domain.Course:
    """News of single sessions says nothing of the whole series."""
    return _course(fact)._replace(series_revision=0)


def _course(fact: OfSeries) -> domain.Course:
    series_id = uuid_of(fact.series_id)
    return domain.Course(
        domain.course_id(series_id),
        0,
        fact.revision,
        series_id,
        uuid_of(fact.plan_id),
        uuid_of(fact.referral_id),
        None,
        uuid_of(fact.clinic_id),
    )
