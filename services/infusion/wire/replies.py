"""What callers are told."""

from collections.abc import Sequence
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from halcyon.infusion.v1 import infusion_pb2 as nouns
from services.infusion import domain

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stamp(moment: datetime) -> Timestamp:
    """A moment in everyone's words."""
    since = moment - _EPOCH
    seconds = since.days * 86400 + since.seconds
    return Timestamp(seconds=seconds, nanos=since.microseconds * 1000)


def session(
    visit: domain.Visit,
    order: domain.DoseOrder | None,
    readings: Sequence[domain.Vitals] = (),
) -> nouns.Session:
    """A session: with the dose order it was started with, or the one in force while planned."""
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
        clinic_id=str(course.clinic_id),
        planned_start_time=stamp(booked.planned_start_time),
        infusion_minutes=course.infusion_minutes,
        vitals=[_vitals(reading) for reading in readings],
    )
    if visit.infusion:
        _tell(reply, visit.infusion)
    elif order and booked.status is domain.Status.PLANNED:
        reply.dose_order_id = str(order.dose_order_id)
        reply.ordered_micrograms = order.dose_micrograms
    return reply


def _tell(reply: nouns.Session, infusion: domain.Infusion) -> None:
    reply.dose_order_id = str(infusion.dose_order_id)
    reply.ordered_micrograms = infusion.ordered_micrograms
    reply.start_time.CopyFrom(stamp(infusion.start_time))
    if infusion.phq9_score is not None:
        reply.phq9_score = infusion.phq9_score
    if ending := infusion.ending:
        reply.given_micrograms = ending.given_micrograms
        reply.end_time.CopyFrom(stamp(ending.end_time))
        reply.adverse_events.extend(ending.adverse_events)


def _vitals(reading: domain.Vitals) -> nouns.Vitals:
    return nouns.Vitals(
        measure_time=stamp(reading.measure_time),
        oxygen_saturation=reading.oxygen_saturation,
        heart_rate=reading.heart_rate,
        systolic=reading.systolic,
        diastolic=reading.diastolic,
        moaas=reading.moaas,
    )
