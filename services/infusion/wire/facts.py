"""Facts stated, pseudonymous."""

from typing import TypedDict

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from halcyon.infusion.events.v1 import infusion_events_pb2 as facts
from services.infusion import domain
from services.infusion.wire.values import stamp, text, write


def event(stated: domain.Event) -> Message:
    """A fact of ours."""
    match stated:
        case domain.SessionPlanned():
            return _planned(stated)
        case domain.InfusionStarted():
            return _started(stated.visit, stated.infusion)
        case domain.InfusionCompleted():
            return _completed(stated)
        case domain.SessionDischarged():
            return _discharged(stated)
        case _:
            return _on_the_way(stated)


class _About(TypedDict):
    session_id: str
    revision: int
    number: int
    series_id: str
    plan_id: str
    referral_id: str
    clinic_id: str


def _about(visit: domain.Visit) -> _About:
    course, session = visit.course, visit.session
    return _About(
        session_id=str(session.session_id),
        revision=session.revision,
        number=session.number,
        series_id=str(course.series_id),
        plan_id=str(course.plan_id),
        referral_id=str(course.referral_id),
        clinic_id=str(session.clinic_id),
    )


def _on_the_way(
    stated: domain.GateOverridden
    | domain.DischargeOverridden
    | domain.VitalsOverdue
    | domain.SessionTransferred
    | domain.SessionMissed
    | domain.SessionCancelled,
) -> Message:
    about = _about(stated.visit)
    match stated:
        case domain.GateOverridden():
            return facts.GateOverridden(**about, **_overridden(stated))
        case domain.DischargeOverridden():
            return facts.DischargeOverridden(**about, **_overridden(stated))
        case domain.VitalsOverdue():
            last, overdue = stamp(stated.last_time), stamp(stated.overdue_time)
            return facts.VitalsOverdue(**about, last_time=last, overdue_time=overdue)
        case domain.SessionTransferred():
            when = stamp(stated.transfer_time)
            return facts.SessionTransferred(**about, reason=stated.reason, transfer_time=when)
        case domain.SessionMissed():
            planned = stamp(stated.visit.session.planned_start_time)
            when = stamp(stated.miss_time)
            return facts.SessionMissed(**about, planned_start_time=planned, miss_time=when)
        case domain.SessionCancelled():
            when = stamp(stated.cancel_time)
            return facts.SessionCancelled(**about, reason=stated.reason, cancel_time=when)


class _Answer(TypedDict):
    items: list[str]
    reason_code: str
    override_time: Timestamp


def _overridden(stated: domain.GateOverridden | domain.DischargeOverridden) -> _Answer:
    return _Answer(
        items=[one.item for one in stated.overrides],
        reason_code=stated.overrides[0].reason_code,
        override_time=stamp(stated.override_time),
    )


def _discharged(stated: domain.SessionDischarged) -> facts.SessionDischarged:
    infusion, worst = stated.visit.infusion, stated.extremes
    assert infusion
    assert infusion.ending
    stay = stated.discharge_time - infusion.ending.end_time
    return facts.SessionDischarged(
        **_about(stated.visit),
        outcome="stopped_early" if infusion.ending.stopped_early else "completed",
        company="escorted" if stated.escorted else "alone",
        stay_minutes=int(stay.total_seconds() // 60),
        adverse_events=stated.adverse_events,
        peak_systolic=worst.peak_systolic,
        peak_diastolic=worst.peak_diastolic,
        lowest_oxygen_saturation=worst.lowest_oxygen_saturation,
        lowest_moaas=worst.lowest_moaas,
        discharge_time=stamp(stated.discharge_time),
    )


def _planned(stated: domain.SessionPlanned) -> facts.SessionPlanned:
    course = stated.programme.course
    fact = facts.SessionPlanned(
        course_id=str(course.course_id),
        revision=course.revision,
        series_id=str(course.series_id),
        plan_id=str(course.plan_id),
        referral_id=str(course.referral_id),
        clinic_id=str(course.clinic_id),
        plan_time=stamp(stated.plan_time),
    )
    for session in stated.programme.sessions:
        if session.status is domain.Status.PLANNED:
            told = fact.sessions.add(session_id=str(session.session_id), number=session.number)
            write(session.planned_start_time, told.planned_start_time)
    return fact


def _started(visit: domain.Visit, infusion: domain.Infusion) -> facts.InfusionStarted:
    return facts.InfusionStarted(
        **_about(visit),
        dose_order_id=str(infusion.dose_order_id),
        dose_micrograms=infusion.ordered_micrograms,
        start_time=stamp(infusion.start_time),
    )


def _completed(stated: domain.InfusionCompleted) -> facts.InfusionCompleted:
    course = stated.visit.course
    worst, ending, given = stated.extremes, stated.ending, stated.infusion.given_mg
    assert given is not None
    return facts.InfusionCompleted(
        **_about(stated.visit),
        session_count=course.session_count,
        patient_id=str(course.patient_id),
        outcome="stopped_early" if ending.stopped_early else "completed",
        dose_order_id=str(stated.infusion.dose_order_id),
        given_micrograms=ending.given_micrograms,
        running_minutes=ending.running_minutes,
        peak_systolic=worst.peak_systolic,
        peak_diastolic=worst.peak_diastolic,
        lowest_oxygen_saturation=worst.lowest_oxygen_saturation,
        lowest_moaas=worst.lowest_moaas,
        adverse_events=ending.adverse_events,
        phq9_score=stated.infusion.phq9_score,
        stop_reason=ending.stop_reason,
        given_mg=text(given),
        complete_time=stamp(ending.end_time),
    )
