"""What callers are told of a session."""

from collections.abc import Sequence

from halcyon.infusion.v1 import gate_pb2 as gate
from halcyon.infusion.v1 import infusion_pb2 as nouns
from services.infusion import domain
from services.infusion.wire.measures import vitals
from services.infusion.wire.values import stamp, text


def session(
    visit: domain.Visit,
    order: domain.DoseOrder | None,
    readings: Sequence[domain.Vitals] = (),
) -> nouns.Session:
    """A session: with the dose order it was started with, or the one in force before."""
    course, booked = visit.course, visit.session
    reply = nouns.Session(
        session_id=str(booked.session_id),
        revision=booked.revision,
        status=nouns.SessionStatus.Value(f"SESSION_STATUS_{booked.status.name}"),
        number=booked.number,
        series_id=str(course.series_id),
        plan_id=str(course.plan_id),
        referral_id=str(course.referral_id),
        patient_id=str(course.patient_id),
        clinic_id=str(booked.clinic_id),
        planned_start_time=stamp(booked.planned_start_time),
        infusion_minutes=course.infusion_minutes,
        vitals=[vitals(reading) for reading in readings],
    )
    if visit.attendance:
        _tell_day(reply, visit.attendance)
    if visit.infusion:
        _tell(reply, visit.infusion)
    elif order and booked.status in domain.BEFORE:
        reply.dose_order_id = str(order.dose_order_id)
        reply.ordered_micrograms = order.dose_micrograms
    return reply


def override(known: domain.Override, kind: str) -> gate.Override:
    """What a prescriber answered for."""
    return gate.Override(
        gate=gate.GateKind.Value(f"GATE_KIND_{kind.upper()}"),
        item=known.item,
        reason_code=known.reason_code,
        rationale=known.rationale,
        prescriber=known.prescriber,
        override_time=stamp(known.override_time),
    )


def _tell_day(reply: nouns.Session, attendance: domain.Attendance) -> None:
    reply.arrive_time.CopyFrom(stamp(attendance.arrive_time))
    reply.pack = attendance.pack.label
    if attendance.leave_time:
        reply.leave_time.CopyFrom(stamp(attendance.leave_time))


def _tell(reply: nouns.Session, infusion: domain.Infusion) -> None:
    reply.dose_order_id = str(infusion.dose_order_id)
    reply.ordered_micrograms = infusion.ordered_micrograms
    reply.start_time.CopyFrom(stamp(infusion.start_time))
    reply.intervals.extend(_interval(one) for one in infusion.intervals)
    if infusion.phq9_score is not None:
        reply.phq9_score = infusion.phq9_score
    reply.running_minutes = infusion.running_seconds // 60
    if ending := infusion.ending:
        reply.given_micrograms = ending.given_micrograms
        reply.given_mg = text(infusion.given_mg) if infusion.given_mg is not None else ""
        reply.delivered_ml = text(ending.delivered_ml)
        reply.stop_reason = ending.stop_reason
        reply.running_minutes = ending.running_minutes
        reply.end_time.CopyFrom(stamp(ending.end_time))
        reply.adverse_events.extend(ending.adverse_events)


def _interval(one: domain.Interval) -> gate.PumpInterval:
    said = gate.PumpInterval(
        start_time=stamp(one.start_time), rate_ml_per_h=text(one.rate_ml_per_h)
    )
    if one.end_time:
        said.end_time.CopyFrom(stamp(one.end_time))
    return said
