"""Facts heard and facts stated."""

from dataclasses import replace
from datetime import UTC
from uuid import UUID

from google.protobuf.message import Message

from chassis.refusal import Reject
from halcyon.infusion.events.v1 import infusion_events_pb2 as facts
from halcyon.intake.events.v1.intake_events_pb2 import DoseAdjusted, PlanApproved
from halcyon.scheduling.events.v1.scheduling_events_pb2 import SeriesConfirmed, SeriesReleased
from services.infusion import domain
from services.infusion.wire.replies import stamp


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


def event(stated: domain.Event) -> Message:
    """A fact of ours, pseudonymous."""
    match stated:
        case domain.SessionPlanned():
            return _planned(stated)
        case domain.InfusionStarted():
            return _started(stated.visit, stated.infusion)
        case domain.InfusionCompleted():
            return _completed(stated)


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


def _planned(stated: domain.SessionPlanned) -> facts.SessionPlanned:
    course = stated.programme.course
    return facts.SessionPlanned(
        course_id=str(course.course_id),
        revision=course.revision,
        series_id=str(course.series_id),
        plan_id=str(course.plan_id),
        referral_id=str(course.referral_id),
        clinic_id=str(course.clinic_id),
        sessions=[
            facts.ExpectedSession(
                session_id=str(session.session_id),
                number=session.number,
                planned_start_time=stamp(session.planned_start_time),
            )
            for session in stated.programme.sessions
            if session.status is domain.Status.PLANNED
        ],
        plan_time=stamp(stated.plan_time),
    )


def _started(visit: domain.Visit, infusion: domain.Infusion) -> facts.InfusionStarted:
    course, session = visit.course, visit.session
    return facts.InfusionStarted(
        session_id=str(session.session_id),
        revision=session.revision,
        number=session.number,
        series_id=str(course.series_id),
        plan_id=str(course.plan_id),
        referral_id=str(course.referral_id),
        clinic_id=str(course.clinic_id),
        dose_order_id=str(infusion.dose_order_id),
        dose_micrograms=infusion.ordered_micrograms,
        start_time=stamp(infusion.start_time),
    )


def _completed(stated: domain.InfusionCompleted) -> facts.InfusionCompleted:
    course, session = stated.visit.course, stated.visit.session
    worst, ending = stated.extremes, stated.ending
    return facts.InfusionCompleted(
        session_id=str(session.session_id),
        revision=session.revision,
        number=session.number,
        session_count=course.session_count,
        series_id=str(course.series_id),
        plan_id=str(course.plan_id),
        referral_id=str(course.referral_id),
        patient_id=str(course.patient_id),
        clinic_id=str(course.clinic_id),
        outcome=session.status.value,
        dose_order_id=str(stated.infusion.dose_order_id),
        given_micrograms=ending.given_micrograms,
        running_minutes=ending.running_minutes,
        peak_systolic=worst.peak_systolic,
        peak_diastolic=worst.peak_diastolic,
        lowest_oxygen_saturation=worst.lowest_oxygen_saturation,
        lowest_moaas=worst.lowest_moaas,
        adverse_events=ending.adverse_events,
        phq9_score=stated.infusion.phq9_score,
        complete_time=stamp(ending.end_time),
    )
